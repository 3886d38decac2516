import { formatCount } from '../../core/units.ts';
import { CEILING_COLUMNS } from './ceilingRows.ts';
import { escapeHtml, hash, tableHtml } from './markup.ts';
import type { Page, PageGroup } from './page.ts';
import { SCRIPT } from './script.ts';
import { STYLE } from './style.ts';
import { chartSvg, timelineSvg } from './svg.ts';

/** The chart library, which is put into the page: its script and its style. Both are empty if it could not be read. */
export interface ChartLibrary {
  readonly script: string;
  readonly style: string;
}

const OPEN_GROUPS = 3;

/**
 * One file that needs nothing else. Its content security policy lets nothing be loaded, and nothing run but the scripts
 * and styles below, which it knows by their hashes. So the name of a thread that is a script stays a name.
 */
export function reportHtml(page: Page, library: ChartLibrary): string {
  const scripts = library.script === '' ? [SCRIPT] : [library.script, SCRIPT];
  const styles = [library.style, STYLE].filter((style) => style !== '');
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hash).join(' ')}`,
    `style-src ${styles.map(hash).join(' ')}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width,initial-scale=1">
<title>${escapeHtml(page.headline)}</title>
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body><main>
<h1>${escapeHtml(page.headline)}</h1>
<dl>${page.facts.map(([name, value]) => `<dt>${escapeHtml(name)}</dt><dd${name === 'command' ? ' class="code"' : ''}>${escapeHtml(value)}</dd>`).join('')}</dl>
<h2>Tasks against their ceilings</h2>
<div class="card"><div id="chart"></div><div id="drawing">${chartSvg(page.chart, escapeHtml)}</div></div>
<h2>Who makes the threads</h2>
${page.creators.length === 0 ? '<p class="quiet">Nobody was caught making one.</p>' : page.creators.map(creatorHtml).join('\n')}
<h2>What the threads do</h2>
<p><input id="filter" type="search" placeholder="filter groups: function, file, name, wait" aria-label="filter groups" hidden> <span id="shown" class="quiet" aria-live="polite"></span></p>
${page.groups.map(groupHtml).join('\n')}
<h2>What was done</h2>
<div class="card scroll steps">${tableHtml(
    ['from the trip', 'action', ''],
    page.steps.map(({ action, at, message }) => [at, action, message]),
  )}</div>
<h2>Ceilings</h2>
<div class="card scroll ceilings">${tableHtml(CEILING_COLUMNS, page.ceilings)}</div>
<h2>What was seen, and what was not</h2>
${listHtml(page.coverage)}
<h2>Next steps</h2>
${listHtml(page.next)}
</main>
<script type="application/json" id="data">${json(page.chart)}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
}

function creatorHtml({ path, share, source, text }: Page['creators'][number]): string {
  const bar = `<div class="bar"><svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true"><rect width="${(share * 100).toFixed(1)}" height="8"/></svg></div>`;
  return `<div class="card"><strong>${escapeHtml(text)}</strong> <span class="quiet">${escapeHtml(source)}</span>${bar}<ol class="frames">${path.map((frame, index) => `<li${index === 0 ? ' class="site"' : ''}>${escapeHtml(frame)}</li>`).join('')}</ol></div>`;
}

function groupHtml(group: PageGroup, index: number): string {
  const { count, frames, grew, names, runtime, site, timeline, wait } = group;
  const change = grew === 0 ? '' : `<span class="grew">+${formatCount(grew)}</span>`;
  const stack =
    frames.length === 0
      ? '<p class="quiet">No stack of them was read.</p>'
      : `<ol class="frames">${frames.map((frame) => `<li${frame.isSite ? ' class="site"' : ''}>${escapeHtml(frame.text)}</li>`).join('')}</ol>`;
  return `<details class="card" data-group${index < OPEN_GROUPS ? ' open' : ''}><summary><span class="count">${formatCount(count)}</span><span class="what">${escapeHtml(wait)}${site === '' ? '' : ` in <code>${escapeHtml(site)}</code>`} <span class="quiet">${escapeHtml(names)}, ${escapeHtml(runtime)}</span></span>${change}${timelineSvg(timeline)}</summary>${stack}</details>`;
}

function listHtml(lines: readonly string[]): string {
  return `<ul>${lines.map((line) => `<li>${escapeHtml(line)}</li>`).join('')}</ul>`;
}

/** JSON that cannot end the element that holds it. */
function json(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
