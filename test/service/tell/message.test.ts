import { describe, expect, it } from 'vitest';
import type { AlertMeaning } from '../../../src/reporters/eventRow.ts';
import { parseDestination } from '../../../src/service/tell/destination.ts';
import { bodyOf, type Message } from '../../../src/service/tell/message.ts';

const message: Message = {
  schema: 'threadguard.event/1',
  time: '2026-01-02T03:04:05.000Z',
  host: 'h1',
  target: 'command:<b>&"x"',
  pid: 7,
  event: 'trip',
  message: 'a <script> & more',
  incident: null,
};
const alert = (meaning: AlertMeaning | undefined) =>
  (JSON.parse(bodyOf('alertmanager', { message, alert: meaning })) as object[])[0];
const letter = { message, alert: undefined };

describe('what a receiver is sent', () => {
  it('Slack: its three characters escaped, once', () => {
    expect(JSON.parse(bodyOf('slack', letter))).toEqual({
      text: '*threadguard* on h1, command:&lt;b&gt;&amp;"x": *trip*\na &lt;script&gt; &amp; more',
    });
  });
  it.each(['\u001b[31m', '\u202e', '\u009b', '\u2028'])('to people nothing that cannot be seen: %j', (mark) => {
    const hostile = { ...message, message: `a${mark}b\nc`, target: `t${mark}`, incident: `/i${mark}` };
    const { text } = JSON.parse(bodyOf('slack', { message: hostile, alert: undefined })) as { text: string };
    const [alerted] = JSON.parse(bodyOf('alertmanager', { message: hostile, alert: { name: 'ThreadguardTrip' } }));
    const { summary } = alerted.annotations as { summary: string };
    for (const shown of [text, summary]) expect(shown).not.toMatch(/[\p{Cf}\p{Zl}\p{Zp}]|(?!\n)\p{Cc}/u);
    expect([text.split('\n').length, summary.split('\n').length]).toEqual([4, 2]);
    // A program gets the names as they are: it has to find what they name.
    expect(JSON.parse(bodyOf('generic', { message: hostile, alert: undefined }))).toEqual(hostile);
  });
  it('Alertmanager: a warning is one alert, a trip another, and a release ends it', () => {
    expect(alert({ name: 'ThreadguardWarning' })).toMatchObject({
      labels: { alertname: 'ThreadguardWarning', severity: 'warning' },
    });
    expect(alert({ name: 'ThreadguardTrip' })).toMatchObject({
      labels: { alertname: 'ThreadguardTrip', severity: 'critical' },
    });
    expect(alert({ name: 'ThreadguardTrip' })).not.toHaveProperty('endsAt');
    expect(alert({ name: 'ThreadguardTrip', isOver: true })).toMatchObject({
      labels: { alertname: 'ThreadguardTrip' },
      endsAt: message.time,
    });
  });
  it('Alertmanager: an event that is no alert sends none', () => {
    expect(alert(undefined)).toBeUndefined();
  });
  it('anybody else: all of it', () => {
    expect(JSON.parse(bodyOf('generic', letter))).toEqual(message);
  });
});

describe('a destination', () => {
  it.each([
    ['https://h/p?q', { kind: 'http', format: 'generic', label: 'https://h/' }],
    ['slack+https://hooks.example/T/B/secret', { kind: 'http', format: 'slack', label: 'https://hooks.example/' }],
    ['unix:/run/x.sock', { kind: 'unix', path: '/run/x.sock' }],
    ['file:/var/log/x', { kind: 'file', path: '/var/log/x' }],
    ['exec:mail -s "x" root', { kind: 'exec', command: 'mail -s "x" root', label: 'exec:mail' }],
  ])('%s', (text, want) => {
    expect(parseDestination(text)).toMatchObject(want);
  });
  it('Alertmanager has a path of its own unless one is given', () => {
    const path = (text: string) => (parseDestination(text) as { url: URL }).url.pathname;
    expect(path('alertmanager+http://h:9093')).toBe('/api/v2/alerts');
    expect(path('alertmanager+http://h:9093/am/api/v2/alerts')).toBe('/am/api/v2/alerts');
  });
});
