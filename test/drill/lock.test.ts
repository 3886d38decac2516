import { expect, it } from 'vitest';
import { lockDrill } from '../../src/drill/lock.ts';

const name = `\0threadguard-test-${process.pid}`;

it('two drills at once: the second is refused, and may begin when the first is over', async () => {
  const unlock = await lockDrill(name);
  await expect(lockDrill(name)).rejects.toMatchObject({
    code: 'two-drills',
    message: 'another drill is under way here',
    exitCode: 125,
  });
  await unlock();
  await (await lockDrill(name))();
});
it('a lock that cannot be had for another reason says which', async () => {
  await expect(lockDrill('/nowhere/at/all')).rejects.toMatchObject({
    code: 'two-drills',
    message: expect.stringMatching(/^cannot lock the drill \(E/),
  });
});
