import type { InstanceLayout } from '../../../src/evidence/python/layout.ts';
import type { PythonHeap } from './pythonHeap.ts';

/** How a `threading.Thread` keeps its attributes. */
export type Attributes = 'shared' | 'own dictionary';

const TYPE = 8;
const DICT_KEYS = 32;
const DICT_VALUES = 40;
const WORD = 8;
/** Before the object: room for what 3.11 and newer put there. */
const BEFORE = 0x100;

/** An object with some attributes, `_name` among them. */
export function threadObject(
  heap: PythonHeap,
  name: number,
  {
    attributes = 'shared',
    names = ['_target', '_name', '_daemonic'],
    target = 0,
  }: { attributes?: Attributes; names?: readonly string[]; target?: number } = {},
): number {
  const { instance } = heap.layout;
  if (instance === undefined) return 0;
  const object = heap.take(0x800) + BEFORE;
  const type = heap.take(0x800);
  const values = names.map((one) => {
    if (one === '_name') return name;
    return one === '_target' && target !== 0 ? target : heap.text(`value of ${one}`);
  });
  heap.memory.word(object + TYPE, type);
  if (instance.values === 'dictionary') {
    heap.memory.word(object + 2 * WORD, dictionary(heap, names, values, attributes));
    return object;
  }
  if (attributes === 'own dictionary') heap.memory.word(object - 3 * WORD, dictionary(heap, names, values, attributes));
  else putValues(heap, instance, object, type, values);
  heap.memory.word(type + instance.cachedKeys, keysObject(heap, instance, names, undefined));
  return object;
}

/** The array of values that belongs to keys of the type. */
function putValues(
  heap: PythonHeap,
  { basicSize, values: where, valuesSkip }: InstanceLayout,
  object: number,
  type: number,
  values: readonly number[],
): void {
  if (where === 'inline') {
    const size = 0x40;
    heap.memory.word(type + basicSize, size).words(object + size + valuesSkip, ...values);
    return;
  }
  const array = heap.take();
  heap.memory.words(array + valuesSkip, ...values);
  if (where === 'pointer') heap.memory.word(object - 4 * WORD, array);
  else heap.memory.word(object - 3 * WORD, array - 1);
}

/** A dictionary: with its values beside the keys, or in an array if its keys are shared. */
function dictionary(
  heap: PythonHeap,
  names: readonly string[],
  values: readonly number[],
  attributes: Attributes,
): number {
  const { instance } = heap.layout;
  if (instance === undefined) return 0;
  const dict = heap.take();
  if (attributes === 'own dictionary') {
    heap.memory.word(dict + DICT_KEYS, keysObject(heap, instance, names, values));
    return dict;
  }
  const array = heap.take();
  heap.memory.words(array + instance.valuesSkip, ...values);
  heap.memory.word(dict + DICT_KEYS, keysObject(heap, instance, names, undefined)).word(dict + DICT_VALUES, array);
  return dict;
}

/** Keys of a dictionary (Objects/dictobject.c): a head, eight slots of an index, then the entries. */
function keysObject(
  heap: PythonHeap,
  { keys: kind }: InstanceLayout,
  names: readonly string[],
  values: readonly number[] | undefined,
): number {
  const keys = heap.take();
  const isOld = kind === 'sized';
  const slots = 8;
  if (isOld) heap.memory.word(keys + 8, slots).word(keys + 32, names.length);
  // Logarithms of the slots and of the bytes of the index, and the kind: texts only.
  else heap.memory.write(keys + 8, Buffer.from([3, 3, 1])).word(keys + 24, names.length);
  const stride = isOld ? 24 : 16;
  const start = keys + (isOld ? 40 : 32) + slots;
  for (const [index, name] of names.entries()) {
    const key = start + index * stride + (isOld ? 8 : 0);
    heap.memory.word(key, heap.text(name)).word(key + WORD, values?.[index] ?? 0);
  }
  return keys;
}
