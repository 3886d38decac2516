import type { Check, Findings } from './findings.ts';
import {
  cgroupKillCheck,
  cgroupsCheck,
  containmentCheck,
  libcCheck,
  priorityCheck,
  refusalsCheck,
  subreaperCheck,
} from './holdChecks.ts';
import { addressSpaceCheck, initCheck, openFilesCheck, roomCheck } from './roomChecks.ts';
import { creatorsCheck, hidepidCheck, ptraceCheck, runtimesCheck, slabsCheck, traceCheck } from './sightChecks.ts';

/** All checks, the ones that matter most first. */
const CHECKS: readonly ((found: Findings) => Check)[] = [
  containmentCheck,
  cgroupsCheck,
  cgroupKillCheck,
  priorityCheck,
  libcCheck,
  subreaperCheck,
  ptraceCheck,
  hidepidCheck,
  roomCheck,
  openFilesCheck,
  addressSpaceCheck,
  initCheck,
  refusalsCheck,
  slabsCheck,
  traceCheck,
  creatorsCheck,
  runtimesCheck,
];

/** Turns findings into checks. Pure. */
export function checksOf(found: Findings): Check[] {
  return CHECKS.map((make) => make(found));
}
