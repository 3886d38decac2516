import { expect, it } from 'vitest';
import { parseNodeReport } from '../../../src/evidence/node/reportDocument.ts';

const worker = (...stack: string[]) => ({
  header: { commandLine: ['node', 'app.js'], threadId: 1 },
  javascriptStack: { message: 'Signal', stack },
  environmentVariables: { API_TOKEN: 'hunter2' },
});
const report = {
  header: { commandLine: ['node', '--report-on-signal', 'app.js', '--password=hunter2'], threadId: 0 },
  javascriptStack: { message: '', errorProperties: {} },
  workers: [
    worker(
      'at compute (/srv/app/worker.js:3:45)',
      'at  (/srv/app/worker.js:9:1)',
      'at Server.<anonymous> (file:///srv/a b/x(1).mjs:7:2)',
      'at processTicks (node:internal/process/task_queues:95:5)',
    ),
    worker(),
  ],
  environmentVariables: { API_TOKEN: 'hunter2' },
};

it('stacks of the main thread and of each worker, and nothing that is secret', () => {
  const found = parseNodeReport(JSON.stringify(report));
  expect(found?.stacks).toEqual([
    [],
    [
      { function: 'compute', file: '/srv/app/worker.js', line: 3 },
      { function: '(anonymous)', file: '/srv/app/worker.js', line: 9 },
      { function: 'Server.<anonymous>', file: 'file:///srv/a b/x(1).mjs', line: 7 },
      { function: 'processTicks', file: 'node:internal/process/task_queues', line: 95 },
    ],
    [],
  ]);
  expect(found?.text).not.toContain('hunter2');
  expect(found?.text).toContain('--report-on-signal');
});

it.each<[why: string, text: string]>([
  ['not whole yet', JSON.stringify(report).slice(0, -10)],
  ['empty', ''],
  ['no report', '{"a":1}'],
  ['null', 'null'],
])('%s: not a report', (_, text) => {
  expect(parseNodeReport(text)).toBeUndefined();
});

it.each<[why: string, odd: object]>([
  ['fields of other shapes', { header: {}, workers: 7, javascriptStack: { stack: 'x' } }],
  ['lines that are no frames', { header: { commandLine: 3 }, javascriptStack: { stack: ['Unavailable.', 5, null] } }],
])('%s: what can be read is read', (_, odd) => {
  expect(parseNodeReport(JSON.stringify(odd))?.stacks).toEqual([[]]);
});
