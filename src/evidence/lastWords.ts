import { DUMPERS } from './dumpers/allDumpers.ts';
import type { LastWords, LeftBehind } from './dumpers/dumper.ts';
import type { DumperList } from './process/askDumpers.ts';

/** What a target says about its threads when it has ended, in the words of every runtime. */
export function lastWords(left: LeftBehind, dumpers: DumperList = DUMPERS): LastWords {
  const said = Object.values(dumpers)
    .flat()
    .flatMap((dumper) => dumper.lastWords?.(left) ?? []);
  return { creators: said.flatMap(({ creators }) => creators), files: said.flatMap(({ files }) => files) };
}
