import { expect, it } from 'vitest';
import { redactWords } from '../../src/core/redact.ts';

it.for([
  ['an option with its value', ['--password=hunter2'], ['--password=[redacted]']],
  ['an option and the next word', ['--api-key', 'abc', 'x'], ['--api-key', '[redacted]', 'x']],
  ['a flag that is followed by another', ['--token', '--verbose'], ['--token', '--verbose']],
  ['a variable', ['env', 'DB_PASSWORD=x=y', 'PATH=/bin'], ['env', 'DB_PASSWORD=[redacted]', 'PATH=/bin']],
  ['a property of Java', ['-Djavax.net.ssl.keyStorePassword=x'], ['-Djavax.net.ssl.keyStorePassword=[redacted]']],
  ['a URL', ['amqp://guest:s3cr3t@host:5672/v'], ['amqp://guest:[redacted]@host:5672/v']],
  ['a URL without a password', ['http://user@host:80/a:b'], ['http://user@host:80/a:b']],
  ['a header', ['-H', 'Authorization: Bearer abc'], ['-H', 'Authorization: [redacted]']],
  ['over several lines', ['--secret=a\nb'], ['--secret=[redacted]']],
  [
    'what only sounds like one',
    ['--passive', '--author=me', 'pwdx', '--port', '80'],
    ['--passive', '--author=me', 'pwdx', '--port', '80'],
  ],
] as const)('%s', ([, words, want]) => {
  expect(redactWords(words)).toEqual(want);
});
