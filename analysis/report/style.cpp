#include "analysis/report/page.hpp"

namespace temper {

// Two sets of colours; everything else refers to them. Numbers line up; wide tables scroll in their
// own box; print shows all of it on white.
std::string page_style() {
  return R"(:root{--paper:#fff;--panel:#f5f6f8;--ink:#1c1d21;--soft:#63666f;--line:#dcdee3;--good:#00704d;
--bad:#b3261e;--hit:0 114 178;--miss:213 94 0;--c0:#0072b2;--c1:#c45500;--c2:#008a64;--c3:#a04090;
--c4:#946c00;--c5:#2f8fc9}
@media (prefers-color-scheme:dark){:root:not(.print){--paper:#141519;--panel:#1d1f25;--ink:#e8e9ed;
--soft:#a0a3ad;--line:#34363f;--good:#4cc79a;--bad:#ff8a80;--hit:64 156 222;--miss:240 128 48;
--c0:#5db2ec;--c1:#f08a45;--c2:#3cc79b;--c3:#d98bcb;--c4:#dcb13c;--c5:#9ed3f7}}
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0 auto;max-width:66rem;padding:1.5rem 1.25rem 4rem;background:var(--paper);color:var(--ink);
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans",sans-serif}
h1{font-size:1.7rem;line-height:1.2;margin:0 0 .25rem}
h2{font-size:1.25rem;margin:2.75rem 0 .75rem;padding-top:.5rem;border-top:1px solid var(--line)}
h3{font-size:1rem;margin:1.5rem 0 .25rem}
p{margin:.4rem 0;max-width:46rem}
a{color:var(--c0)}
.soft{color:var(--soft)}
.state{display:inline-block;padding:.05rem .6rem;border-radius:1rem;border:1px solid var(--line);
font-size:.85rem;color:var(--soft);vertical-align:middle}
.cards{display:grid;grid-template-columns:repeat(3,1fr);gap:.9rem;margin:1.25rem 0 0}
.card{background:var(--panel);border:1px solid var(--line);border-radius:.6rem;padding:.9rem 1rem;min-width:0}
.card h2{all:unset;display:block;font-size:.8rem;color:var(--soft);margin-bottom:.35rem}
.card .big{font-size:1.25rem;line-height:1.3;font-weight:650;overflow-wrap:anywhere;margin:0}
.card ul{list-style:none;margin:.3rem 0 0;padding:0}
.card li{margin:.35rem 0;font-size:.92rem;line-height:1.4}
.card p{font-size:.92rem;line-height:1.4}
.figures{display:flex;flex-wrap:wrap;gap:.4rem 2rem;margin:.6rem 0 0;padding:0}
.figures div{min-width:6rem}
.figures dt{font-size:.8rem;color:var(--soft)}
.figures dd{margin:0;font-size:1.6rem;font-weight:650;line-height:1.2;font-variant-numeric:tabular-nums}
.figures dd small{display:block;font-size:.8rem;font-weight:400;color:var(--soft)}
.yes{color:var(--good);font-weight:650}.no{color:var(--bad);font-weight:650}.open{font-weight:650}
.warnings{border-left:4px solid var(--c1);background:var(--panel);padding:.6rem 1rem;margin:1.25rem 0 0;
border-radius:0 .4rem .4rem 0}
.warnings ul{margin:.2rem 0;padding-left:1.1rem;overflow-wrap:anywhere}
nav{margin:1rem 0 0;font-size:.92rem;display:flex;flex-wrap:wrap;gap:.2rem 1rem}
.scroll{overflow-x:auto;margin:.75rem 0;-webkit-overflow-scrolling:touch}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;min-width:min(100%,24rem)}
caption{text-align:left;color:var(--soft);font-size:.85rem;padding-bottom:.35rem}
th,td{text-align:left;padding:.3rem .7rem;border-bottom:1px solid var(--line);vertical-align:top;white-space:nowrap}
td{max-width:22rem}
thead th{color:var(--soft);font-weight:600;font-size:.82rem;vertical-align:bottom;white-space:normal}
tbody th{font-weight:500}
.n{text-align:right}
td.w{white-space:normal;min-width:10.5rem;overflow-wrap:anywhere}
td small{display:block;color:var(--soft);font-size:.82em;line-height:1.25;white-space:nowrap}
tr.best>*{background:color-mix(in srgb,var(--c2) 14%,transparent)}
tr.best>th{font-weight:700}
tr.failed>*{color:var(--bad)}
tr.sum>*{font-weight:650;border-top:2px solid var(--line)}
.wrap td{white-space:normal;overflow-wrap:anywhere;max-width:none}
figure{margin:1rem 0}
figcaption{font-weight:600;margin-bottom:.25rem}
figure svg{display:block;width:100%;height:auto;max-width:46rem;color:var(--ink)}
figure svg.narrow{display:none}
figure svg text{font-family:inherit}
.legend{list-style:none;padding:0;margin:.25rem 0;display:flex;flex-wrap:wrap;gap:.1rem 1.1rem;font-size:.86rem}
.legend span{display:inline-block;width:.9rem;height:.25rem;border-radius:.2rem;margin-right:.4rem;vertical-align:middle}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--soft);font-size:.9rem}
pre{background:var(--panel);border:1px solid var(--line);border-radius:.4rem;padding:.8rem 1rem;overflow-x:auto;
font-size:.82rem;line-height:1.45}
.matrix table{font-size:.72rem;min-width:0}
.matrix th,.matrix td{padding:0;border:1px solid var(--paper);text-align:center;vertical-align:middle}
.matrix td{width:1.9rem;min-width:1.9rem;height:1.6rem;background:rgb(var(--tone)/var(--v,0))}
.matrix .hit{--tone:var(--hit)}.matrix .miss{--tone:var(--miss)}
.matrix td.dark{color:#fff}
.matrix tbody th{text-align:right;padding:0 .45rem 0 0;font-weight:500;position:sticky;left:0;background:var(--paper);z-index:1}
.matrix thead th{font-weight:500;color:var(--soft);padding-bottom:.2rem;vertical-align:bottom}
.matrix thead th span{writing-mode:vertical-rl;transform:rotate(180deg);white-space:nowrap}
.bars{display:grid;grid-template-columns:max-content 1fr;gap:.3rem .8rem;align-items:center;font-size:.86rem;margin:.6rem 0}
.bar{display:flex;height:1.15rem;border-radius:.25rem;overflow:hidden;background:var(--panel)}
.bar i{display:block;height:100%}
@media (max-width:46rem){
body{padding:1rem .9rem 3rem}h1{font-size:1.4rem}.cards{grid-template-columns:1fr}
.figures dd{font-size:1.35rem}.figures{gap:.5rem 1.4rem}
figure svg.wide{display:none}figure svg.narrow{display:block}
th,td{padding:.3rem .5rem}td.w{min-width:6.5rem}table{font-size:.85rem}.matrix table{font-size:.68rem}.matrix td{width:1.65rem;min-width:1.65rem}
.scroll{margin-right:-.9rem}}
@media print{
:root,:root:not(.print){--paper:#fff;--panel:#f5f6f8;--ink:#000;--soft:#444;--line:#ccc;--good:#00704d;--bad:#b3261e;
--hit:0 114 178;--miss:213 94 0;--c0:#0072b2;--c1:#c45500;--c2:#008a64;--c3:#a04090;--c4:#946c00;--c5:#2f8fc9}
@page{size:A4;margin:14mm 12mm}
*{-webkit-print-color-adjust:exact;print-color-adjust:exact}
html{color-scheme:light;font-size:9.5pt}
body{max-width:none;padding:0}nav{display:none}
.scroll{overflow:visible;margin-right:0}
h2,h3,figcaption,caption{break-after:avoid}
figure,.card,tr,.bars,.legend{break-inside:avoid}
figure svg.wide{display:block;max-width:15cm}figure svg.narrow{display:none}
.cards{grid-template-columns:repeat(3,1fr)}
table{font-size:7.6pt}th,td{padding:.18rem .35rem;white-space:normal}td.w{min-width:0}
.matrix table{font-size:5.6pt}.matrix td{width:1.45rem;min-width:0;height:1.15rem}
.matrix tbody th{white-space:nowrap}
pre{white-space:pre-wrap;font-size:7pt}}
)";
}

}  // namespace temper
