import type { StackSource } from '../../../core/runtimes.ts';
import { HOTSPOT } from '../../jvm/hotspot/hotspotReader.ts';
import { perlFrames } from '../../perl/perlFrames.ts';
import { phpFrames } from '../../php/phpFrames.ts';
import { pythonFrames } from '../../python/creations/pythonFrames.ts';
import { rubyFrames } from '../../ruby/rubyFrames.ts';
import { SHELL_FRAMES } from '../../shell/shellFrames.ts';
import type { FrameReaderKind } from './frameReader.ts';
import { nodeFrames } from './nodeFrames.ts';

/** Every reader of source frames, by its runtime. Where none knows a stack, its native frames are what is told. */
export const FRAME_READERS: Readonly<Partial<Record<StackSource, FrameReaderKind>>> = {
  jvm: HOTSPOT,
  node: nodeFrames,
  perl: perlFrames,
  php: phpFrames,
  python: pythonFrames,
  shell: SHELL_FRAMES,
  ruby: rubyFrames,
};
