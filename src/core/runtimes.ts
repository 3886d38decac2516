/** What a stack is known from: the ELF files of native code, a runtime inside the process, or nothing but the name. */
export type StackSource = 'jvm' | 'node' | 'python' | 'ruby' | 'php' | 'perl' | 'shell' | 'go' | 'native' | 'name';

/** What differs between one runtime and another, as far as threads and stacks go. */
export interface RuntimeTraits {
  /** Its name for people. */
  readonly label: string;
  /** Base name of an executable that is this runtime and not a program. */
  readonly executable?: RegExp;
  /** Base name of a file of code that only such a process maps. */
  readonly library?: RegExp;
  /** Bytes near the start of the executable, one character each. */
  readonly mark?: string;
  /** Functions that are the runtime's or its library's own: they wait, make threads and run them for everybody. */
  readonly plumbing?: RegExp;
  /** Source files of the same kind. */
  readonly plumbingFiles?: RegExp;
  /** Functions that make threads or processes. */
  readonly makes?: RegExp;
  /** Where these functions must be, if their names alone say too little. */
  readonly makesIn?: RegExp;
  /** It runs scripts: where the code in one is not known, the script itself says the most. */
  readonly isInterpreter?: true;
  /** It makes threads for itself, beside those of the program. */
  readonly isManaged?: true;
}

/** The C library, and what stands in the brackets of a system call: a function of it without a name. */
const C_PLUMBING =
  /^(__|\[\w+\]$|_start$|_start_c$|libc_start_main_stage2$|start_thread$|clone3?$|main$|pthread_|nanosleep|clock_nanosleep|usleep$|sleep$|pause$|read$|recv(from|m?msg)?$|poll$|select$|epoll_p?wait2?$|accept4?$|futex|syscall$|gsignal)/;
/**
 * Where a compiler has put the body of a lambda into the function that calls it, that is all there is of the program: the
 * body of a thread, and what a std::function holds.
 */
const CXX_PLUMBING = /^(std::(?!thread::_State_impl|_Function_handler)|__gnu_cxx::|boost::)/;
/** With old names (`<F as core::ops::function::FnOnce<A>>::call_once`) and new ones, but not a trait of the program for a type of the library. */
const RUST_PLUMBING =
  /^((core|alloc)::|<(std|core|alloc)::(?!.* as (?!(std|core|alloc)::))|<.* as core::ops::function::Fn(Once|Mut)?\b|tokio::runtime)/;

/**
 * All runtimes that are told apart. The order decides between several in one process: that of a JVM with Python in it
 * is the JVM, because the threads are made there. Adding one begins here; the compiler names what is missing.
 */
export const RUNTIMES: Readonly<Record<StackSource, RuntimeTraits>> = {
  jvm: {
    label: 'JVM',
    isManaged: true,
    executable: /^java$/,
    library: /^lib(jvm|jli)\.so/,
    plumbing: /^(java|javax|jdk|sun|com\.sun)\./,
    makes: /^java\.lang\.Thread\.start0?$/,
  },
  node: {
    label: 'Node',
    isManaged: true,
    executable: /^node(js)?$/,
    library: /^libnode\.so/,
    plumbing: /^(node:|v8::|uv_|node::|\[generated code\]$)/,
    plumbingFiles: /^node:/,
  },
  python: {
    label: 'CPython',
    executable: /^python[\d.]*[a-z]{0,3}$/,
    // An extension module is mapped by nothing but the interpreter, whatever that is called.
    library: /^libpython\d|\.cpython-\d/,
    plumbing: /^<frozen /,
    plumbingFiles: /(^|\/)lib(64)?\/python3(\.\d+)?\/(?!(site|dist)-packages)|^<frozen /,
    makes: /^((Thread\.)?start|_start_new_thread|start_new_thread|start_joinable_thread|fork)$/,
    // A program may call a method of its own `start`, too.
    isInterpreter: true,
    makesIn: /(^|\/)(threading|_thread|subprocess|os)\.py$/,
  },
  ruby: {
    label: 'Ruby',
    executable: /^ruby[\d.]*$/,
    library: /^libruby/,
    isInterpreter: true,
    // Methods of the core that are written in Ruby.
    plumbingFiles: /^<internal:/,
  },
  php: { label: 'PHP', executable: /^php(-fpm|-cgi)?[\d.]*$/, library: /^libphp\d*\.so/, isInterpreter: true },
  perl: { label: 'Perl', executable: /^perl[\d.]*$/, library: /^libperl\.so/, isInterpreter: true },
  shell: { label: 'a shell', executable: /^(ba|da|a|k|mk|z)?sh[\d.]*$|^busybox$/, isInterpreter: true },
  go: {
    label: 'Go',
    // An ELF note of the Go linker: owner `Go`, type 4 (the build id).
    mark: '\x04\x00\x00\x00Go\x00\x00',
    plumbing: /^(runtime|sync|syscall|time|net|internal|os|io|bufio|poll)[./]/,
    makes: /^runtime\.(newm1?|newosproc|startm|clone)(\.|$)/,
  },
  native: {
    label: 'native code',
    plumbing: anyOf(C_PLUMBING, CXX_PLUMBING, RUST_PLUMBING),
    makes:
      /^(__)?clone3?$|^__clone_internal$|^pthread_create|^thrd_create|^std::thread::_M_start_thread|^_?v?fork$|^__libc_fork/,
  },
  name: { label: 'names of threads' },
};

function anyOf(...patterns: readonly RegExp[]): RegExp {
  return new RegExp(patterns.map(({ source }) => `(?:${source})`).join('|'));
}
