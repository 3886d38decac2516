// Two runs over each other: new connections greeted, and the worst latency of each second.
const [WIDTH, HEIGHT, LEFT, GAP] = [760, 150, 60, 56];
const COLOURS = { bare: '#c0392b', guarded: '#1e8449', quiet: '#7f8c8d' };

export function chart(scenes) {
  const { name, of } = scenes[0];
  const seconds = Math.max(...scenes.map(({ perSecond }) => perSecond.length));
  const worst = Math.max(10, ...scenes.flatMap(({ perSecond }) => perSecond.map(({ latencyMs }) => latencyMs ?? 0)));
  const top = 60;
  const second = top + HEIGHT + GAP;
  const legend = scenes.map(
    ({ kind }, index) => `<text x="${LEFT + index * 110}" y="24" fill="${COLOURS[kind]}">&#9632; ${kind}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${LEFT + WIDTH + 20} ${second + HEIGHT + 34}" font-family="sans-serif" font-size="13">
<rect width="100%" height="100%" fill="#fff"/>
${legend.join('\n')}
${panel(top, `${name}: of ${of} new connections, greeted`, of, seconds, String, scenes, ({ greeted }) => greeted)}
${panel(
  second,
  'publish to consume, worst of each second (ms)',
  worst,
  seconds,
  (value) => value.toFixed(0),
  scenes,
  ({ latencyMs }) => latencyMs,
)}
</svg>
`;
}

function panel(top, title, most, seconds, text, scenes, height) {
  const x = (index) => LEFT + (index * WIDTH) / Math.max(1, seconds - 1);
  const y = (value) => top + HEIGHT - (value / most) * HEIGHT;
  const ticks = [0, most / 2, most].map(
    (value) =>
      `<text x="${LEFT - 8}" y="${y(value) + 4}" text-anchor="end" fill="#555">${text(value)}</text><line x1="${LEFT}" x2="${LEFT + WIDTH}" y1="${y(value)}" y2="${y(value)}" stroke="#ddd"/>`,
  );
  // Where nothing arrived there is no line.
  const lines = scenes.flatMap(({ kind, perSecond }) =>
    runsOf(perSecond.map((one, index) => [index, height(one)])).map(
      (run) =>
        `<polyline fill="none" stroke="${COLOURS[kind]}" stroke-width="2" stroke-linecap="round" points="${run.map(([index, value]) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}"/>`,
    ),
  );
  const ends = [0, seconds - 1].map(
    (index) => `<text x="${x(index)}" y="${top + HEIGHT + 18}" text-anchor="middle" fill="#555">${index} s</text>`,
  );
  return [`<text x="${LEFT}" y="${top - 10}" fill="#222">${title}</text>`, ...ticks, ...lines, ...ends].join('\n');
}

function runsOf(points) {
  const runs = [[]];
  for (const point of points) {
    if (point[1] === undefined) runs.push([]);
    else runs.at(-1).push(point);
  }
  return runs.filter((run) => run.length > 0);
}
