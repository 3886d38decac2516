/** The style of the page: for dark and light screens, wide and narrow ones, and paper. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--card:#fff;--ink:#1c1e21;--quiet:#686d76;--rule:#e2e4e8;--hot:#c2321f;--line:#2563a8;--fill:#2563a81f;--site:#fff3cf}
@media(prefers-color-scheme:dark){:root{--bg:#14161a;--card:#1b1e24;--ink:#e8eaee;--quiet:#9aa1ad;--rule:#2d323b;--hot:#ff7a66;--line:#74aef0;--fill:#74aef026;--site:#4a3b12}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:1040px;margin:0 auto;padding:24px 20px 64px}
h1{font-size:26px;line-height:1.3;margin:0 0 16px;overflow-wrap:anywhere}
h2{font-size:18px;margin:36px 0 10px}
.quiet{color:var(--quiet)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:0}
dt{color:var(--quiet)}
dd{margin:0;overflow-wrap:anywhere}
code,.frames,td.name,dd.code{font:13.5px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
.card{background:var(--card);border:1px solid var(--rule);border-radius:8px;padding:14px 16px;margin:10px 0;overflow:hidden}
svg{display:block;width:100%;height:auto}
.grid{stroke:var(--rule)}
.tick{fill:var(--quiet);font-size:12px}
.tasks{fill:none;stroke:var(--line);stroke-width:2}
.area{fill:var(--fill)}
.ceiling{stroke:var(--hot);stroke-dasharray:6 4}
.ceiling-label{fill:var(--hot);font-size:12px}
.mark{stroke:var(--quiet);stroke-dasharray:2 3}
.mark-label{fill:var(--ink);font-size:12px}
.spark{width:160px;height:24px;flex:none}
.spark rect{fill:var(--line)}
.bar{height:8px;border-radius:4px;background:var(--rule);margin:6px 0}
.bar svg{height:8px}
.bar rect{fill:var(--hot)}
summary{cursor:pointer;display:flex;gap:14px;align-items:center;flex-wrap:wrap}
summary::before{content:"▸";color:var(--quiet);width:10px;flex:none}
details[open]>summary::before{content:"▾"}
summary .count{font-weight:600;font-size:18px;min-width:70px}
summary .what{flex:1;min-width:200px;overflow-wrap:anywhere}
summary .grew{color:var(--hot)}
.frames{margin:12px 0 0;padding:0;list-style:none;overflow-x:auto;white-space:nowrap}
.frames li{padding:1px 6px}
.frames .site{background:var(--site);border-radius:4px}
table{border-collapse:collapse;width:100%;font-size:14.5px}
th,td{text-align:left;padding:6px 12px 6px 0;border-bottom:1px solid var(--rule);vertical-align:top;overflow-wrap:anywhere}
.steps td:nth-child(-n+2),.ceilings td,.ceilings th{white-space:nowrap}
th{color:var(--quiet);font-weight:500}
.scroll{overflow-x:auto}
input{font:inherit;color:inherit;background:var(--card);border:1px solid var(--rule);border-radius:6px;padding:7px 10px;width:100%;max-width:420px}
.u-wrap,.uplot{width:100%!important}
.uplot .u-legend{color:var(--ink);font-size:13px}
@media(max-width:600px){h1{font-size:21px}main{padding:16px 14px 48px}dl{grid-template-columns:1fr}dt{margin-top:6px}}
@media print{body{background:#fff;color:#000}.card{break-inside:avoid;border-color:#bbb}input,.uplot{display:none}#drawing{display:block!important}details>*{display:block}}
`;
