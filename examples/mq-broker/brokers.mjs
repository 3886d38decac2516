// Brokers as they are started by hand, and what a client says to them: no library, the first bytes are the point.
import { mkdtempSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = (name) => fileURLToPath(new URL(name, import.meta.url));

async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Each: how it is started, which port greets, what a greeting is, and a client that publishes and consumes. */
export const BROKERS = {
  async activemq() {
    const [openwire, stomp] = [await freePort(), await freePort()];
    const data = mkdtempSync(join(tmpdir(), 'story-activemq-'));
    const set = Object.entries({
      'story.data': data,
      'story.openwire': openwire,
      'story.stomp': stomp,
      'activemq.base': data,
      'activemq.home': '/usr/share/activemq',
      'activemq.data': data,
      'activemq.conf': here('.'),
    });
    return {
      name: 'ActiveMQ',
      data,
      port: openwire,
      command: [
        'java',
        '-Xmx256M',
        ...set.map(([key, value]) => `-D${key}=${value}`),
        '-jar',
        '/usr/share/activemq/bin/activemq.jar',
        'start',
        `xbean:file:${here('activemq.xml')}`,
      ],
      // OpenWire: a length, the type 1 (WireFormatInfo), then the magic.
      isGreeting: (bytes) => bytes.length >= 13 && bytes[4] === 1 && bytes.toString('latin1', 5, 13) === 'ActiveMQ',
      // The first messages of a JVM are not what a quiet machine does.
      warmUp: 1_000,
      client: (on) => stompClient(stomp, on),
    };
  },
  async nats() {
    const port = await freePort();
    return {
      name: 'NATS',
      port,
      command: ['nats-server', '-a', '127.0.0.1', '-p', String(port)],
      isGreeting: (bytes) => bytes.toString('latin1', 0, 6) === 'INFO {',
      // It makes its threads when it needs them: none are made for it beforehand.
      warmUp: 10,
      client: (on) => natsClient(port, on),
    };
  },
};

/** Whether a new connection is greeted in time: an open port is not a broker that works. */
export function isGreeted({ isGreeting, port }, timeoutMs) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let bytes = Buffer.alloc(0);
    const settle = (value) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(value);
    };
    const timer = setTimeout(() => settle(false), timeoutMs);
    socket.on('data', (data) => {
      bytes = Buffer.concat([bytes, data]);
      if (isGreeting(bytes)) settle(true);
    });
    socket.on('error', () => settle(false));
    socket.on('close', () => settle(false));
  });
}

/** STOMP 1.2: a persistent message is acknowledged by a RECEIPT when it is on the disk. */
function stompClient(port, { onAcknowledged, onMessage, onClosed }) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  let text = '';
  let ready;
  const isReady = new Promise((resolve, reject) => {
    ready = resolve;
    socket.on('error', reject);
  });
  isReady.catch(() => {});
  const send = (command, headers, body = '') =>
    socket.write(
      `${command}\n${Object.entries(headers)
        .map(([key, value]) => `${key}:${value}\n`)
        .join('')}\n${body}\0`,
    );
  socket.on('connect', () => send('CONNECT', { 'accept-version': '1.2', host: 'story' }));
  socket.on('close', () => onClosed());
  socket.on('data', (data) => {
    text += data;
    for (let end = text.indexOf('\0'); end >= 0; end = text.indexOf('\0')) {
      const frame = text.slice(0, end).replace(/^\n+/, '');
      text = text.slice(end + 1);
      const [head, body = ''] = frame.split('\n\n');
      if (head.startsWith('CONNECTED')) {
        send('SUBSCRIBE', { id: 0, destination: '/queue/orders', ack: 'auto' });
        ready();
      } else if (head.startsWith('RECEIPT')) onAcknowledged(Number(/receipt-id:(\d+)/.exec(head)[1]));
      else if (head.startsWith('MESSAGE')) onMessage(Number(body));
    }
  });
  return {
    isReady,
    publish: (id) => send('SEND', { destination: '/queue/orders', persistent: 'true', receipt: id }, String(id)),
    close: () => socket.destroy(),
  };
}

/** NATS in verbose mode: `+OK` acknowledges each message, in order. */
function natsClient(port, { onAcknowledged, onMessage, onClosed }) {
  const socket = connect(port, '127.0.0.1');
  socket.setNoDelay(true);
  const unanswered = [];
  let text = '';
  let ready;
  const isReady = new Promise((resolve, reject) => {
    ready = resolve;
    socket.on('error', reject);
  });
  isReady.catch(() => {});
  const ask = (line, what) => {
    unanswered.push(what);
    socket.write(line);
  };
  socket.on('close', () => onClosed());
  socket.on('data', (data) => {
    text += data;
    for (let end = text.indexOf('\r\n'); end >= 0; end = text.indexOf('\r\n')) {
      const line = text.slice(0, end);
      text = text.slice(end + 2);
      if (line.startsWith('INFO')) {
        ask('CONNECT {"verbose":true}\r\n', 'connect');
        ask('SUB orders 1\r\n', 'subscribe');
      } else if (line === '+OK') {
        const what = unanswered.shift();
        if (what === 'subscribe') ready();
        else if (typeof what === 'number') onAcknowledged(what);
      } else if (line === 'PING') socket.write('PONG\r\n');
      else if (/^\d+$/.test(line)) onMessage(Number(line));
    }
  });
  return {
    isReady,
    publish: (id) => ask(`PUB orders ${String(id).length}\r\n${id}\r\n`, id),
    close: () => socket.destroy(),
  };
}
