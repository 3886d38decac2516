import { describe, expect, it } from 'vitest';
import { UnreadError } from '../../src/cgroup/unread.ts';
import { cgroupEnd } from '../../src/targets/cgroupEnd.ts';

/** A target whose processes are only numbers; no signal reaches anybody, because no process has them. */
const NOBODY = 0x3fffff;
function scene(over: { populated?: () => boolean; outside?: number[]; hasKill?: boolean }) {
  const done: string[] = [];
  const end = cgroupEnd({
    subtree: { isPopulated: over.populated ?? (() => false) } as never,
    inside: () => {
      done.push('walk');
      return [NOBODY];
    },
    killFile: {
      kill: () => {
        done.push('cgroup.kill');
        return over.hasKill ?? true;
      },
      close: () => {},
    },
    escapes: {
      find: () => {
        done.push('outside');
        return (over.outside ?? []).map((pid) => ({ pid }));
      },
    } as never,
    setCap: (cap) => {
      done.push(`cap ${cap}`);
      return true;
    },
  });
  return { done, end };
}

describe('the end of everything in a cgroup', () => {
  it('is one write where the kernel can do it', () => {
    const { done, end } = scene({ populated: () => true });
    end.killRound();
    expect(done).toEqual(['cap 0', 'cgroup.kill']);
  });
  it('what is there after it is walked, inside and outside', () => {
    const { done, end } = scene({ populated: () => true });
    end.killRound();
    done.length = 0;
    end.killRound();
    expect(done).toEqual(['cap 0', 'cgroup.kill', 'walk', 'outside']);
  });
  it('is a walk from the start where the kernel cannot', () => {
    const { done, end } = scene({ populated: () => true, hasKill: false });
    end.killRound();
    expect(done).toEqual(['cap 0', 'cgroup.kill', 'walk']);
  });
  it('an empty cgroup is not the end of one that has left it', () => {
    expect(scene({ outside: [NOBODY] }).end.isEmpty()).toBe(false);
    expect(scene({}).end.isEmpty()).toBe(true);
  });
  it('what cannot be read is not empty', () => {
    const unread = () => {
      throw new UnreadError('/x/cgroup.procs', 'EMFILE');
    };
    expect(scene({ populated: unread }).end.isEmpty()).toBe(false);
  });
  it('a signal goes to those outside too', () => {
    const { done, end } = scene({ outside: [NOBODY] });
    end.signal('SIGTERM');
    expect(done).toEqual(['walk', 'outside']);
  });
});
