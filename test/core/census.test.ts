import { expect, it } from 'vitest';
import { census, type Holding } from '../../src/core/census.ts';

const holding = (pid: number, over: Partial<Holding> = {}): Holding => ({
  pid,
  ppid: 1,
  name: `p${pid}`,
  uid: 0,
  cgroup: '/',
  tasks: 1,
  isZombie: false,
  ...over,
});
const userName = (uid: number) => (uid === 0 ? 'root' : `uid ${uid}`);

it('the largest first, of each kind; equal ones by number and name', () => {
  const seen = census(
    [holding(3, { tasks: 5, cgroup: '/b' }), holding(2, { tasks: 5, cgroup: '/a' }), holding(9, { tasks: 90, uid: 7 })],
    2,
    userName,
  );
  expect(seen).toMatchObject({ tasks: 100, processes: 3, zombies: 0, zombieParents: [] });
  expect(seen.byProcess.map(({ pid }) => pid)).toEqual([9, 2]);
  expect(seen.byUser).toEqual([
    { name: 'uid 7', tasks: 90 },
    { name: 'root', tasks: 10 },
  ]);
  expect(seen.byCgroup).toEqual([
    { name: '/', tasks: 90 },
    { name: '/a', tasks: 5 },
  ]);
});

it('zombies are blamed on the parent that does not reap, known or gone', () => {
  const dead = { isZombie: true };
  const seen = census(
    [holding(5), holding(6, { ...dead, ppid: 5 }), holding(7, { ...dead, ppid: 5 }), holding(8, { ...dead, ppid: 4 })],
    8,
    userName,
  );
  expect(seen.zombies).toBe(3);
  expect(seen.zombieParents).toEqual([
    { pid: 5, name: 'p5', tasks: 2 },
    { pid: 4, name: '?', tasks: 1 },
  ]);
});

it('nothing holds nothing', () => {
  expect(census([], 8, userName)).toMatchObject({ tasks: 0, processes: 0, byProcess: [], byUser: [], byCgroup: [] });
});
