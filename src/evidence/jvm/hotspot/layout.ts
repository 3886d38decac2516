/** Where HotSpot keeps what a stack is read by. All numbers are offsets in bytes, if they are not said to be something else. */
export interface HotSpotLayout {
  readonly heaps: HeapsLayout;
  readonly blob: BlobLayout;
  readonly scopes: ScopesLayout;
  readonly method: MethodLayout;
  readonly entry: EntryLayout;
  /** What each byte of a packed number is less by: from JDK 20 on no byte is 0 (unsigned5.hpp). */
  readonly excluded: number;
  /** Where the bytecode pointer of an interpreted frame is, from its frame pointer. */
  readonly bytecode: number;
}

export interface HeapsLayout {
  /** A list of heaps, from JDK 9 on, or the only one: addresses without bias. */
  readonly list: { readonly at: number; readonly length: number; readonly data: number } | undefined;
  readonly single: number | undefined;
  readonly memory: number;
  readonly segmentMap: number;
  /** Of a `VirtualSpace`. */
  readonly low: number;
  readonly high: number;
  readonly segmentShift: number;
  /** Bytes of what lies before a blob. */
  readonly header: number;
}

export interface BlobLayout {
  readonly name: number;
  /** A number of words. */
  readonly frameSize: number;
  /** A pointer to the first instruction, or how far from the blob it is. */
  readonly code: BlobAddress;
  readonly method: number;
  readonly compileId: number;
  readonly originalPc: number;
  /** One for all calls, and one for calls through method handles. */
  readonly deoptHandlers: readonly BlobAddress[];
}

export interface ScopesLayout {
  /** Where the descriptions of places in the code are, where their texts, and where the methods that these name. */
  readonly places: BlobAddress;
  readonly placesEnd: BlobAddress;
  readonly texts: BlobAddress;
  readonly methods: BlobAddress;
  /** Of a `PcDesc`. */
  readonly placeBytes: number;
  readonly placePc: number;
  readonly placeText: number;
}

/**
 * How a blob tells an address: it starts at the blob, or where a pointer in it leads (`from`), and goes on by numbers of four
 * bytes in the blob, and one of two.
 */
export interface BlobAddress {
  readonly from?: number;
  readonly plus?: readonly number[];
  readonly plusShort?: number;
}

export interface MethodLayout {
  readonly constMethod: number;
  readonly constants: number;
  readonly nameIndex: number;
  readonly codeSize: number;
  /** A number of words. */
  readonly size: number;
  readonly flags: number;
  readonly hasLines: number;
  /** Bytes of a `ConstMethod`; the bytecodes follow it. */
  readonly header: number;
  readonly holder: number;
  /** Bytes of a `ConstantPool`; its entries follow it. */
  readonly poolHeader: number;
  readonly className: number;
  /** In the pool, or in the class. */
  readonly fileInPool: number | undefined;
  readonly fileInClass: number | undefined;
  readonly symbolLength: number;
  readonly symbolBody: number;
}

export interface EntryLayout {
  /** The address, without bias, of the return address of the stub that C++ calls Java by. */
  readonly returnAddress: number;
  /** From the frame pointer. */
  readonly wrapper: number;
  /** Of the wrapper: the last Java frame below. */
  readonly lastSp: number;
  readonly lastFp: number;
  readonly lastPc: number;
}
