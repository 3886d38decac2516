import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { CeilingContext } from '../../src/ceilings/context.ts';
import { pidsMax } from '../../src/ceilings/pidsMax.ts';
import { delegationRefusal } from '../../src/cgroup/delegation.ts';
import { ancestors, locate } from '../../src/cgroup/locate.ts';
import { parseEvents } from '../../src/cgroup/pids.ts';
import { kernelRoot } from '../../src/procfs/root.ts';

const host = (name: string) => kernelRoot(fileURLToPath(new URL(`../fixtures/hosts/${name}`, import.meta.url)));

describe('hosts', () => {
  it.for([
    { name: 'v1', pids: '/sys/fs/cgroup/pids/app', version: 1, unified: undefined, refusal: false },
    {
      name: 'hybrid',
      pids: '/sys/fs/cgroup/pids/app',
      version: 1,
      unified: '/sys/fs/cgroup/unified/app',
      refusal: false,
    },
    { name: 'v2', pids: '/sys/fs/cgroup/app', version: 2, unified: '/sys/fs/cgroup/app', refusal: false },
    { name: 'container', pids: '/sys/fs/cgroup', version: 2, unified: '/sys/fs/cgroup', refusal: false },
    {
      name: 'systemd',
      pids: '/sys/fs/cgroup/system.slice/app.service',
      version: 2,
      unified: '/sys/fs/cgroup/system.slice/app.service',
      refusal: true,
    },
  ])('$name', ({ name, pids, version, unified, refusal }) => {
    const places = locate(host(name));
    expect(places.pids).toMatchObject({ dir: pids, version });
    expect(places.unified?.dir).toBe(unified);
    expect(delegationRefusal(host(name), places, undefined, 0) !== undefined).toBe(refusal);
  });
  it('every ancestor up to the mount is a level, each with its own limit', () => {
    const root = host('systemd');
    const places = locate(root);
    expect(ancestors(places.pids as NonNullable<typeof places.pids>)).toEqual([
      '/sys/fs/cgroup/system.slice/app.service',
      '/sys/fs/cgroup/system.slice',
      '/sys/fs/cgroup',
    ]);
    const read = pidsMax.open({ root, places } as CeilingContext);
    expect(read().map(({ path, used, limit, remaining }) => [path, used, limit, remaining])).toEqual([
      ['/system.slice/app.service', 12, 4915, 4903],
      ['/system.slice', 300, 'unlimited', 'unlimited'],
    ]);
  });
  it('systemd’s mark opens the tree, whoever asks', () => {
    const marked = {
      getxattr: (path: string, name: string) =>
        path.endsWith('app.service') && name === 'trusted.delegate' ? '1' : undefined,
    };
    expect(delegationRefusal(host('systemd'), locate(host('systemd')), marked as never, 0)).toBeUndefined();
  });
  it('a host without any cgroup mount has no place', () => {
    expect(locate(host('none'))).toEqual({});
  });
});

it('reads events', () => {
  expect([parseEvents('max 12\n'), parseEvents(''), parseEvents(undefined)]).toEqual([12, undefined, undefined]);
});
