import type { StackSource } from '../../../core/runtimes.ts';
import { SHELL_FRAMES } from '../../shell/shellFrames.ts';
import type { FrameReaderKind } from './frameReader.ts';

/** Every reader of source frames, by its runtime. Where none knows a stack, its native frames are what is told. */
export const FRAME_READERS: Readonly<Partial<Record<StackSource, FrameReaderKind>>> = { shell: SHELL_FRAMES };
