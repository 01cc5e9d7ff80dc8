"""Records what Jinja2 3.1.6, in the environment of Transformers 5.23.0, makes of chat templates and
of snippets, for tests/text/jinja_conformance_test.cpp.

  python3 chat_templates.py ../text/data/chat_templates.json [--templates DIR]

Every template meets every conversation, with and without a generation prompt; a refusal is recorded
as its message. The clock of strftime_now stands at 2024-07-26 09:05:03 UTC. `generated` holds the
{% generation %} spans as byte offsets.
"""
import argparse, datetime, glob, json, os
import jinja2, transformers
from transformers.utils import chat_template_utils as hf

class Clock(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2024, 7, 26, 9, 5, 3)

hf.datetime = Clock

WEATHER = {"type": "function", "function": {"name": "get_weather", "description": "The weather \u2014 at a place; \"now\".",
  "parameters": {"type": "object", "properties": {
    "place": {"type": "string", "description": "City & country, e.g. <Z\u00fcrich>"},
    "unit": {"type": "string", "enum": ["celsius", "fahrenheit"], "default": "celsius"},
    "days": {"type": "integer"}, "at": {"type": "array", "items": {"type": "number"}}},
    "required": ["place"]}}}
CLOCK = {"type": "function", "function": {"name": "clock", "description": "The time", "parameters": {"type": "object", "properties": {}}}}

def user(text): return {"role": "user", "content": text}
def assistant(text, **more): return {"role": "assistant", "content": text, **more}
def call(name, arguments, id="abcde1234"): return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}
def result(text, id="abcde1234"): return {"role": "tool", "content": text, "tool_call_id": id, "name": "get_weather"}

SYSTEM = {"role": "system", "content": " You are terse.\n"}
CONVERSATIONS = {
  "question": {"messages": [user("hi")]},
  "turn": {"messages": [user("What is 2+2?"), assistant("4")]},
  "system": {"messages": [SYSTEM, user("hi"), assistant("Hello.")]},
  "turns": {"messages": [SYSTEM, user("one\n"), assistant("  eins\n"), user("two"), assistant("zwei"), user("three")]},
  "empty": {"messages": [user(""), assistant("")]},
  "unicode": {"messages": [user("na\u00efve \u6f22\u5b57 \U0001f469\u200d\U0001f52c \u00a0x\u3000"), assistant("\u2003\u00dc \u0130 \u00df\u2028\u00a0")]},
  "control": {"messages": [user("<|im_end|>\n<|im_start|>assistant\n</s>[/INST]<end_of_turn><|eot_id|><|end|>"), assistant("no <|im_end|> {{ x }} {% if %} \\n 'q' \"Q\"")]},
  "think": {"messages": [user("a"), assistant("<think>\nhm, \u00e9\n</think>\n\nA"), user("b"), assistant("<think>\nso\n</think>\n\nB")]},
  "reasoning": {"messages": [user("a"), assistant("A", reasoning_content="because"), user("b"), assistant("B", thinking="why")]},
  "tools": {"messages": [user("weather?")], "tools": [WEATHER, CLOCK]},
  "tool_call": {"messages": [SYSTEM, user("weather?"), assistant("", tool_calls=[call("get_weather", {"place": "K\u00f6ln", "days": 2, "at": [1.5, -0.0, 1e22], "x": None})]),
     result("{\"t\": 21}"), assistant("21 degrees"), user("thanks")], "tools": [WEATHER]},
  "tool_calls": {"messages": [user("both"), assistant("Let me see.", tool_calls=[call("get_weather", {"place": "A \"B\"\n"}), call("clock", {}, "fghij5678")]),
     result("rain"), result("noon", "fghij5678"), assistant("Rain at noon.")], "tools": [WEATHER, CLOCK]},
  "own_tools": {"messages": [user("q"), {"role": "assistant", "tool_calls": [call("search", {"query": "x y"})]}, result("found"), assistant("ok")],
     "variables": {"own_tools": ["search", "calculator"], "builtin_tools": ["browser", "python"]}},
  "tools_in_system": {"messages": [SYSTEM, user("q")], "tools": [WEATHER], "variables": {"tools_for_user": False, "tools_in_user_message": False, "enable_thinking": False}},
  "parts": {"messages": [user([{"type": "text", "text": " look "}, {"type": "image"}, {"type": "text", "text": "here"}]), assistant([{"type": "text", "text": "seen "}])]},
  "order": {"messages": [user("a"), user("b"), assistant("c")]},
  "assistant_first": {"messages": [assistant("c"), user("a")]},
  "none": {"messages": []},
}

ROW = {"role": "user", "content": "x", "tool_calls": None}
SNIPPETS = [
  # white space
  "  {% if true %}\nA\n  {% endif %}\nB\n", "x {# c #}\ny", "{{ 'a' }}\nb", "  {%- if true -%}\n A \n{%- endif %}\nB", "{{- ' a' -}}  \n b",
  "a  {% if 1 %}b{% endif %}  c", "a\n  {%+ if 1 %}b{% endif +%}\nc", "\t{% set x = 1 %}\n{{ x }}", "a\r\nb\rc\r\n", "a\n\n", "{# a #}\n\n{# b -#}\n\n c", "  {#- x #} y",
  "{% raw %} {{ x }} {% endraw %}z", "a {%- raw -%}  {% b %}\n{%- endraw -%}\n c", "{%- raw %}\n {{ y }}\n{% endraw %}\nq", "\n\n  {%- set a = 1 -%}  \n\n{{ a }}", "{{ 1 }} \n {{ 2 }}", "  {{- 1 }} {%- if 1 %} x{%- endif %}", "\u3000{% if 1 %}\u00a0{% endif %}",
  "{% if 1 %}\n\n  a{% endif %}\n  {% if 1 %}b{% endif %}", "{{ '}}' }}{{ \"%}\" }}{{ {'a': {'b': 1}}['a']['b'] }}", "{%if 1%}a{%endif%}", "{% if true: %}a{% endif %}", "a{#- {{ x }} -#} b",
  # literals and printing
  "{{ none }}|{{ true }}|{{ 1.0 }}|{{ u }}|", "{{ [1,'a'] }}{{ {'k':'v'} }}", "{{ [] }}{{ {} }}{{ () }}{{ (1,) }}{{ (1, 'b') }}{{ 1, 2 }}", "{{ 'it\\'s' }}{{ [\"it's\"] }}{{ ['\"'] }}{{ ['\\'\"'] }}",
  "{{ ['\\n\\t\\\\ \u00e9 \u200b \U0001f600 \\x7f \\x01 \u00a0'] }}", "{{ '\\u00e9\\x41\\101\\n\\q' }}", "{{ 'a' 'b' }}", "{{ 1e3 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.0001 }} {{ 123456789012345680.0 }} {{ 1.5e300 }} {{ 0.1 + 0.2 }} {{ 1_000 }} {{ 2.50 }}",
  "{{ [none, true, 1.5, u] }}", "{{ {1: 2, 'a': none, true: 3} }}", "{{ true + 1 }} {{ -true }}", "{{ 1e400 }}{{ [-1e400] }}",
  # arithmetic
  "{{ 7//2 }}{{ 7/2 }}{{ 7%3 }}{{ 2**3 }}{{ 'a'~1 }}", "{{ -7//2 }} {{ -7%3 }} {{ 7//-2 }} {{ 7%-3 }} {{ -7.5//2 }} {{ -7.5%2 }} {{ 2**-1 }} {{ 2**0.5 }}", "{{ 'ab'*3 }}{{ [1]*2 }}{{ 2*'x' }}{{ 'x'*-1 }}", "{{ 1 + 2 * 3 - 4 / 2 }}", "{{ -2**2 }} {{ 2**3**2 }}", "{{ 1/0 }}", "{{ 1%0 }}",
  "{{ 'a' + 1 }}", "{{ [1] + [2] }}{{ (1,) + (2,) }}", "{{ [1] + (2,) }}", "{{ 'a' ~ none ~ u ~ [1] ~ 1.0 }}", "{{ 1 ~ 2 + 3 }}", "{{ 9223372036854775807 }}", "{{ 'a' - 1 }}", "{{ not 1 }} {{ not '' }} {{ not not 0 }}", "{{ +3 }}{{ - 3 }}{{ 5 -3 }}", "{{ 1 - -1 }}", "{{ -1|abs }} {{ (-1)|abs }} {{ -x.y|int }}",
  # logic and comparison
  "{{ '' or 'd' }}{{ '' | default('k', true) }}", "{{ 1 if false }}", "{{ 1 if 0 else 2 if 0 else 3 }}", "{{ 1 < 2 < 3 }} {{ 3 > 2 > 2 }} {{ 1 == 1.0 == true }}", "{{ 'a' < 'b' }}{{ [1,2] < [1,3] }}", "{{ 1 < 'a' }}", "{{ 'b' in 'abc' }}{{ 1 in [1.0] }}{{ 'k' in {'k': 1} }}{{ 'x' not in 'abc' }}", "{{ 1 in 'abc' }}", "{{ 1 in 5 }}", "{{ u in [1] }}{{ 1 in u }}", "{{ [1,[2]] == [1,[2]] }}{{ {'a':1,'b':2} == {'b':2,'a':1} }}{{ (1,) == [1] }}",
  "{{ 'a' and 'b' }}{{ 0 and 1 }}{{ none or 0 or 'z' }}", "{{ u == u2 }}{{ u == none }}{{ none == none }}", "{{ 1 != 2 }}{{ 1 >= 1 }}{{ 2 <= 1 }}", "{{ not 1 == 2 }}", "{{ not x in [1] }}", "{% if u %}a{% else %}b{% endif %}", "{% if x.q %}a{% elif x.y %}b{% else %}c{% endif %}", "{{ 'yes' if x is defined and x.a is not none else 'no' }}",
  # lookups
  "{{ x.y.z }}", "{{ x.y }}|{{ x['y'] }}|{{ x.y is defined }}", "{{ u.a }}", "{{ u['a'] }}", "{{ u() }}", "{{ none.a }}|{{ none['a'] is defined }}", "{{ none.a.b }}", "{{ l[0] }}{{ l[-1] }}{{ l[9] is defined }}{{ l.0 }}", "{{ l[9].a }}", "{{ 's'.foo }}|", "{{ 's'.foo() }}", "{{ row.role }}{{ row['content'] }}{{ row.tool_calls is none }}", "{{ row.items is defined }} {{ row.get('role') }} {{ row.get('q') }} {{ row.get('q', 7) }}", "{{ {'items': 1}.items is callable }}{{ {'items': 1}['items'] }}",
  "{{ 'abc'[0] }}{{ 'abc'[-1] }}{{ '\u6f22\u5b57'[1] }}", "{{ 'a'.__class__ }}|", "{{ l.append(1) }}", "{{ x.update({'a': 1}) }}", "{{ x.pop('y') }}", "{{ l.append is defined }}", "{{ x.keys() | list }}{{ x.values() | list }}{{ x.items() | list }}", "{{ l | length }}{{ x | length }}{{ '\u6f22\u5b57' | length }}{{ u | length }}",
  # slices
  "{{ l[1:] }}{{ l[:-1] }}{{ l[::-1] }}{{ l[::2] }}{{ l[5:] }}{{ l[-2:] }}{{ l[1:2] }}{{ l[:] }}{{ l[3:1:-1] }}", "{{ 'h\u00e9llo'[1:3] }}{{ 'hello'[::-1] }}{{ 'hello'[-3:] }}{{ 'hello'[:-9] }}{{ 'hello'[9:] }}", "{{ (1,2,3)[1:] }}", "{{ l[::0] }}", "{{ u[1:] }}", "{{ l[n:] }}", "{{ l[none:2] }}",
  # statements
  "{% for i in [1,2] %}{% set q=i %}{% endfor %}{{ q is defined }}", "{% for i in [1,2,3] %}{% if i==2 %}{% continue %}{% endif %}{{ i }}{% endfor %}", "{% for i in range(9) %}{% if i==2 %}{% break %}{% endif %}{{ i }}{% endfor %}", "{% for i in [] %}a{% else %}b{% endfor %}", "{% for k, v in {'a':1,'b':2}.items() %}{{ k }}={{ v }}{{ '' if loop.last else ', ' }}{% endfor %}", "{% for a, (b, c) in [(1,(2,3))] %}{{ a }}{{ b }}{{ c }}{% endfor %}", "{% for i in [1,2,3,4] if i % 2 == 0 %}{{ loop.index }}/{{ loop.length }}:{{ i }} {% endfor %}",
  "{% for i in 'ab' %}{{ loop.index0 }}{{ loop.index }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }} {% endfor %}", "{% for i in [1,2] %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }}{% endfor %}", "{% for i in [1,2,3] %}{{ loop.cycle('a','b') }}{% endfor %}", "{% for i in [1] %}{% for j in [1,2] %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}", "{% for i in u %}a{% endfor %}.", "{% for i in 5 %}a{% endfor %}", "{% for i in none %}a{% endfor %}", "{% for k in {'a':1} %}{{ k }}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{{ loop }}",
  "{% set a, b = 1, 2 %}{{ a }}{{ b }}", "{% set a = 1, 2 %}{{ a }}", "{% set t %}x{{ 1 }}{% endset %}{{ t }}{{ t is string }}", "{% set t | upper %}x{% endset %}{{ t }}", "{% set ns = namespace(a=1) %}{% for i in [1,2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b is defined }}", "{% set ns = namespace({'a': 2}, b=3) %}{{ ns.a }}{{ ns.b }}", "{% set x.y = 1 %}", "{% set ns = namespace(_a=1) %}", "{% set x = 5 %}{% for i in [1] %}{% set x = 6 %}{{ x }}{% endfor %}{{ x }}", "{% if true %}{% set w = 3 %}{% endif %}{{ w }}", "{% set v = v2 is defined %}{{ v }}",
  "{% with a = 1, b = 2 %}{{ a + b }}{% endwith %}{{ a is defined }}", "{% filter upper %}a{{ 'b' }}{% endfilter %}", "{% filter replace('a', 'b') | upper %}aa{% endfilter %}",
  "{% macro m(a, b=2) %}{{ a }}-{{ b }};{% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(b=4, a=5) }}{{ m() }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(q=2) }}", "{% macro m(n) %}{{ n }}{% if n > 0 %}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(5) }}", "{% set g = 1 %}{% macro m() %}{{ g }}{% endmacro %}{% set g = 2 %}{{ m() }}", "{% macro m() %}[{{ caller() }}]{% endmacro %}{% call m() %}in{% endcall %}", "{% macro m() %}[{{ caller(3) }}]{% endmacro %}{% call(x) m() %}in{{ x }}{% endcall %}", "{% macro m(a, b=a) %}{{ b }}{% endmacro %}{{ m(7) }}", "{% macro m() %}  a  {% endmacro %}{{ m() | trim }}{{ m()|length }}", "{% macro m(a) %}{% set a = a ~ 'x' %}{{ a }}{% endmacro %}{{ m('q') }}{{ a is defined }}", "{% macro m(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ m(*[1, 2]) }}{{ m(**{'a': 3, 'b': 4}) }}",
  "{% generation %}a{% endgeneration %}b", "{% for i in [1,2] %}{% generation %}{{ loop.index }}{% set z = 1 %}{% endgeneration %}{{ z is defined }}{% endfor %}",
  # filters
  "{{ {\"b\":\"\u00e9<\",\"a\":[1,2.0,true,none]} | tojson }}", "{{ {\"a\":[1]} | tojson(indent=2) }}", "{{ {'a':[], 'b':{}, 'c':[{'d':1}]} | tojson(indent=4) }}", "{{ [1,{'b':2,'a':1}] | tojson(separators=(',', ':'), sort_keys=true) }}", "{{ '\u00e9\\n\\t\\x01\\\\\"/ \\x7f\u2028\U0001f600' | tojson }}{{ '\u00e9\U0001f600\\x7f' | tojson(ensure_ascii=true) }}", "{{ u | tojson }}", "{{ {1: 1, none: 2, true: 3, 1.5: 4} | tojson }}", "{{ 1e16 | tojson }}{{ 'x' | tojson(indent='--') }}{{ [1] | tojson(indent='--') }}", "{{ (1,2) | tojson }}", "{{ [1,2] | map('string') | tojson }}", "{{ x.items() | tojson }}",
  "{{ '  a b ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ u | trim }}|{{ 5 | trim }}", "{{ 'aBc d-e' | upper }}{{ 'ABC' | lower }}{{ 'hello wORLD-foo (bar' | title }}{{ 'hELLO' | capitalize }}{{ '\u00df\u00e9' | upper }}", "{{ [1,'a',none] | join(', ') }}{{ [1,2] | join }}{{ [{'a':1},{'a':2}] | join('-', attribute='a') }}{{ 'abc' | join('.') }}", "{{ u | default('d') }}{{ none | default('d') }}{{ none | default('d', true) }}{{ x.q | default }}|{{ 0 | d(5, boolean=true) }}", "{{ [3,1,2] | sort }}{{ ['b','A','c'] | sort }}{{ [1,2] | sort(reverse=true) }}{{ [{'a':2},{'a':1}] | sort(attribute='a') }}",
  "{{ {'b':1,'A':2} | dictsort }}{{ {'b':1,'a':2} | dictsort(by='value') }}{{ {'b':1,'a':2} | dictsort(reverse=true) }}", "{{ [1,2,3] | first }}{{ [1,2,3] | last }}{{ [] | first }}|{{ 'abc' | last }}", "{{ 'abc' | reverse }}{{ [1,2] | reverse | list }}", "{{ 'abc' | list }}{{ x | list }}{{ (1,2) | list }}{{ u | list }}", "{{ '42' | int }}{{ '4.7' | int }}{{ 'x' | int }}{{ 'x' | int(9) }}{{ 3.9 | int }}{{ -3.9 | int }}{{ true | int }}{{ ' 5 ' | int }}{{ none | int }}", "{{ u | int }}", "{{ '1.5' | float }}{{ 2 | float }}{{ 'x' | float }}{{ '1e3' | float }}", "{{ 2.5 | round }}{{ 3.14159 | round(2) }}{{ 2.1 | round(0, 'ceil') }}{{ 2.9 | round(method='floor') }}",
  "{{ [1,2,3] | sum }}{{ [{'a':1},{'a':2}] | sum(attribute='a') }}{{ [1,3,2] | max }}{{ [1,3,2] | min }}{{ ['b','A'] | min }}", "{{ [1,2,1,'a','A'] | unique | list }}", "{{ rows | selectattr('role', 'equalto', 'user') | list | length }}{{ rows | selectattr('tools') | list }}{{ rows | rejectattr('role', 'in', ['user']) | map(attribute='role') | join(',') }}", "{{ [1,2,3] | select('odd') | list }}{{ [1,2,3] | reject('greaterthan', 1) | list }}{{ [0,1,''] | select | list }}", "{{ ['a','b'] | map('upper') | list }}{{ rows | map(attribute='q', default='-') | list }}{{ ['a'] | map('replace', 'a', 'z') | first }}", "{{ rows | map(attribute='role') | unique | join }}", "{{ 'a.b.a' | replace('a', 'x') }}{{ 'aaa' | replace('a', 'b', 2) }}{{ 'ab' | replace('', '-') }}", "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(1, blank=true) }}|{{ 'a\\nb' | indent('>') }}",
  "{{ {'a':1} | items | list }}{{ u | items | list }}", "{{ 5 | items | list }}", "{{ 1 | string + 'a' }}{{ none | string }}{{ 'x' | safe }}", "{{ 'a' | nofilter }}", "{{ 5 | length }}", "{{ [1] | selectattr | list }}", "{{ 'abc' | upper | lower | title }}", "{{ ('a' | upper) ~ 'b' | upper }}", "{{ 'a' + 'b' | upper }}", "{{ [1] | map('nope') | list }}", "{{ [[1,2],[3]] | map(attribute=0) | list }}{{ [{'a':{'b':5}}] | map(attribute='a.b') | list }}", "{% if rows | selectattr('role', 'equalto', 'none') %}gen{% endif %}", "{{ 'x' | attr('upper') is callable }}",
  # tests
  "{{ 1 is odd }}{{ 2 is even }}{{ 6 is divisibleby 3 }}{{ 6 is divisibleby(4) }}{{ none is none }}{{ 1 is none }}", "{{ 'a' is string }}{{ 1 is string }}{{ {} is mapping }}{{ [] is mapping }}{{ [] is iterable }}{{ 'a' is iterable }}{{ 5 is iterable }}{{ u is iterable }}{{ {} is sequence }}{{ (1,) is sequence }}{{ 5 is sequence }}{{ u is sequence }}{{ x.items() is sequence }}{{ x.items() is iterable }}", "{{ true is boolean }}{{ 1 is boolean }}{{ 1 is integer }}{{ true is integer }}{{ 1.0 is float }}{{ 1 is number }}{{ '1' is number }}{{ true is true }}{{ 1 is true }}{{ false is false }}", "{{ 1 is eq 1 }}{{ 1 is ne 2 }}{{ 1 is lt 2 }}{{ 1 is ge 2 }}{{ 'a' is in 'abc' }}{{ 1 is sameas 1 }}{{ 'a' is equalto 'a' }}", "{{ 'abc' is lower }}{{ 'ABC' is upper }}{{ 'aB' is lower }}{{ '1' is upper }}", "{{ u is defined }}{{ u is undefined }}{{ x is not defined }}{{ x.q is undefined }}", "{{ 1 is nope }}", "{{ x is mapping and l is not mapping }}", "{{ not tools_x is defined }}", "{{ 'a' is string and 'b' }}", "{{ range is callable }}{{ 'upper' is filter }}{{ 'odd' is test }}",
  # methods
  "{{ ' a '.strip() }}|{{ 'xxaxy'.strip('xy') }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ '\\na\\n'.strip('\\n') }}|{{ '\u3000a\u00a0\\x1c'.strip() }}|{{ '\u00e9a\u00e9'.strip('\u00e9') }}", "{{ 'a,b,,c'.split(',') }}{{ ' a  b '.split() }}{{ 'a b c'.split(' ', 1) }}{{ 'a,b,c'.rsplit(',', 1) }}{{ ''.split(',') }}{{ ''.split() }}{{ ' a b  c '.split(none, 1) }}{{ 'abc'.split('</t>')[-1] }}", "{{ 'a'.split('') }}", "{{ 'abc'.startswith('ab') }}{{ 'abc'.endswith(('x', 'c')) }}{{ 'abc'.startswith('') }}", "{{ 'aXbX'.replace('X', '-') }}{{ 'aXbX'.replace('X', '-', 1) }}", "{{ 'aB \u00e9'.upper() }}{{ 'AB'.lower() }}{{ \"they're bill's 3d x-y\".title() }}{{ 'aB'.capitalize() }}", "{{ ', '.join(['a','b']) }}{{ ''.join('abc') }}", "{{ ','.join([1]) }}", "{{ 'hello'.find('l') }}{{ 'h\u00e9llo'.find('l') }}{{ 'hello'.find('z') }}{{ 'hello'.rfind('l') }}{{ 'banana'.count('an') }}{{ ''.count('') }}", "{{ 'a\\nb\\r\\nc\\x0b'.splitlines() }}{{ 'a\\nb'.splitlines(true) }}", "{{ '12'.isdigit() }}{{ ''.isdigit() }}{{ 'a'.isalpha() }}{{ ' '.isspace() }}{{ 'a1'.isalnum() }}", "{{ 'prefix-a'.removeprefix('prefix-') }}{{ 'a.py'.removesuffix('.py') }}{{ 'a'.removesuffix('') }}", "{{ [1,2,1].count(1) }}{{ [1,2].index(2) }}", "{{ 'a'.strip(1) }}", "{{ 'a'.upper(1) }}", "{% set m = 'abc'.upper %}{{ m() }}", "{{ x.copy() }}{{ x.get('y') }}",
  # functions
  "{{ range(3) | list }}{{ range(1, 4) | list }}{{ range(5, 0, -2) | list }}{{ range(0) | list }}", "{{ range(1000000) | list }}", "{{ dict(a=1, b=2) }}{{ dict({'a': 1}, a=2) }}{{ dict([('x', 1)]) }}", "{{ raise_exception('no') }}", "{{ strftime_now('%Y-%m-%d %H:%M:%S %d %b %B %A') }}", "{{ nope() }}", "{{ 5() }}", "{{ [1,2][0] + {'a': 2}['a'] }}", "{{ namespace(a=1).a }}", "{{ 'a'(1) }}", "{{ strftime_now is defined }}{{ raise_exception is defined }}{{ tools is none }}{{ documents is none }}",
  # syntax errors
  "{{ 1", "{% if 1 %}", "{% endif %}", "{{ 1 + }}", "{{ (1 }}", "{{ 'a }}", "{# a", "{% foo %}", "{% for i %}{% endfor %}", "{{ a b }}", "{% set %}", "{{ }}", "{% break %}", "{{ [1,] }}{{ {'a':1,} }}", "{{ @ }}", "{{ a[ }}", "{% raw %}a", "}} %}", "{ { } }", "{{ {} }}", "{% include 'x' %}", "{{ 1 if }}", "{{ a.1b }}", "{% else %}", "{% for i in [1] %}{% endif %}",
]
NAMES = {"x": {"y": None, "a": 1}, "l": [1, 2, 3], "n": 1, "row": ROW, "rows": [{"role": "user"}, {"role": "tool", "tools": [1]}, {"role": "user"}]}

def byte_at(text, at): return len(text[:at].encode())

def snippet(source):
    try:
        template = hf._compile_jinja_template(source)
        text = template.render(messages=[], tools=None, documents=None, add_generation_prompt=False, bos_token="", eos_token="", **NAMES)
        return {"source": source, "text": text}
    except Exception as error:
        return {"source": source, "error": f"{type(error).__name__}: {error}"}

def case(source, conversation, prompt):
    c = CONVERSATIONS[conversation]
    try:
        texts, spans = hf.render_jinja_template(conversations=[c["messages"]], tools=c.get("tools"), chat_template=source, add_generation_prompt=prompt,
            return_assistant_tokens_mask=True, bos_token="<s>", eos_token="</s>", **c.get("variables", {}))
        return {"text": texts[0], "generated": [[byte_at(texts[0], a), byte_at(texts[0], b)] for a, b in spans[0]]}
    except Exception as error:
        return {"error": f"{type(error).__name__}: {error}"}

def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("output")
    here = os.path.dirname(os.path.abspath(__file__))
    parser.add_argument("--templates", default=os.path.join(here, "../text/data/templates"))
    arguments = parser.parse_args()
    cases = []
    for path in sorted(glob.glob(os.path.join(arguments.templates, "*.jinja"))):
        source = open(path, newline="").read()
        for conversation in CONVERSATIONS:
            for prompt in (False, True):
                cases.append({"template": os.path.basename(path), "conversation": conversation, "prompt": prompt, **case(source, conversation, prompt)})
    result = {"made_by": f"tests/oracles/chat_templates.py, jinja2 {jinja2.__version__}, transformers {transformers.__version__}",
              "now": int(datetime.datetime(2024, 7, 26, 9, 5, 3, tzinfo=datetime.timezone.utc).timestamp()),
              "conversations": CONVERSATIONS, "names": NAMES, "snippets": [snippet(s) for s in SNIPPETS], "cases": cases}
    if os.path.realpath(arguments.templates) != os.path.realpath(os.path.join(here, "../text/data/templates")):
        result["templates"] = os.path.realpath(arguments.templates)
    with open(arguments.output, "w") as file:
        json.dump(result, file, ensure_ascii=False, indent=0)
        file.write("\n")

main()
