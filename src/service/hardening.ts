/** A setting of a unit, and why it is there or what it means. */
interface Setting {
  readonly line: string;
  readonly why: string;
}

/**
 * What a unit for a guarded command forbids (systemd.exec(5)). The guard was tried under all of it. Each has its reason, because
 * people read the unit and take out what disturbs their command.
 */
const FOR_EVERYBODY: readonly Setting[] = [
  { line: 'NoNewPrivileges=yes', why: 'No set-user-ID program gives more rights than the service has.' },
  { line: 'RestrictSUIDSGID=yes', why: 'Nor can the service make one.' },
  { line: 'ProtectSystem=full', why: 'The system itself is read-only: /usr, /boot, /etc.' },
  { line: 'ProtectHome=read-only', why: 'So are the homes of users.' },
  { line: 'PrivateTmp=yes', why: '/tmp and /var/tmp are its own.' },
  {
    line: 'PrivateDevices=yes',
    why: 'No disks and no graphics card, only /dev/null and the like. Set it to no for a command that uses a device.',
  },
  {
    line: 'ProtectKernelTunables=yes',
    why: '/proc/sys and /sys are read-only. Cgroup files are not: the guard writes the cap there.',
  },
  { line: 'ProtectKernelModules=yes', why: 'No kernel modules.' },
  { line: 'ProtectKernelLogs=yes', why: 'No log of the kernel.' },
  { line: 'ProtectClock=yes', why: 'No setting of the clock.' },
  { line: 'ProtectHostname=yes', why: 'No other host name.' },
  { line: 'LockPersonality=yes', why: 'No other personality(2).' },
  {
    line: 'RestrictNamespaces=yes',
    why: 'No namespaces. Set it to no for a command that makes containers or a sandbox, as browsers do.',
  },
  {
    line: 'RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK',
    why: 'Sockets of the usual kinds.',
  },
  { line: 'SystemCallArchitectures=native', why: 'System calls of this architecture alone.' },
  {
    line: 'SystemCallFilter=@system-service',
    why: 'And those that services make. What else is called fails with EPERM, which most programs survive.',
  },
  { line: 'SystemCallErrorNumber=EPERM', why: '' },
];

/** A service that runs as a user of its own has none of these anyway. */
const FOR_A_USER: readonly Setting[] = [
  {
    line: 'CapabilityBoundingSet=',
    why: 'No capabilities. A command that opens a port below 1024 needs AmbientCapabilities= and this one with CAP_NET_BIND_SERVICE.',
  },
];

/** What root needs to guard, and what a service of root usually needs, stays. */
const FOR_ROOT: readonly Setting[] = [
  {
    line: 'CapabilityBoundingSet=~CAP_SYS_ADMIN CAP_SYS_MODULE CAP_SYS_RAWIO CAP_SYS_BOOT CAP_SYS_TIME CAP_SYS_PACCT CAP_SYS_TTY_CONFIG CAP_SYSLOG CAP_WAKE_ALARM CAP_BLOCK_SUSPEND CAP_LINUX_IMMUTABLE CAP_MAC_ADMIN CAP_MAC_OVERRIDE CAP_BPF CAP_AUDIT_CONTROL CAP_AUDIT_READ CAP_AUDIT_WRITE CAP_MKNOD CAP_NET_ADMIN CAP_IPC_LOCK CAP_LEASE CAP_SETFCAP',
    why: 'Capabilities that neither the guard nor a plain service of root needs. User= would take all of them.',
  },
];

/** The lines of a unit, each behind its reason. `isRoot`: it runs without `User=`. */
export function hardeningLines(isRoot: boolean): string {
  return [...FOR_EVERYBODY, ...(isRoot ? FOR_ROOT : FOR_A_USER)]
    .map(({ line, why }) => (why === '' ? line : `# ${why}\n${line}`))
    .join('\n');
}

/** A setting that a service has already, and what the guard cannot do under it. */
interface Effect {
  readonly name: string;
  /** Whether a value has the effect. */
  readonly when: (value: string) => boolean;
  readonly means: string;
}

const isYes = (value: string): boolean => /^(?:1|yes|y|true|t|on)$/i.test(value);

const EFFECTS: readonly Effect[] = [
  {
    name: 'MemoryDenyWriteExecute',
    when: isYes,
    means: 'the guard runs without the compiler of V8, so each look costs several times as much',
  },
  {
    name: 'ProtectControlGroups',
    when: isYes,
    means: 'the guard cannot set a cap in a cgroup file. RLIMIT_NPROC or TasksMax= holds instead',
  },
  {
    name: 'ProtectProc',
    when: (value) => value === 'invisible' || value === 'noaccess',
    means: 'the guard does not see tasks of other users, so it cannot tell how much of kernel.pid_max they take',
  },
  {
    name: 'ProcSubset',
    when: (value) => value === 'pid',
    means:
      'the guard does not see the limits of the host: kernel.pid_max, kernel.threads-max and memory are unknown to it',
  },
  {
    name: 'RestrictRealtime',
    when: isYes,
    means: 'the guard has no real-time priority, so it looks later on a busy machine. The cap holds all the same',
  },
  {
    name: 'PrivateNetwork',
    when: isYes,
    means: 'nobody outside reaches --metrics, and --tell reaches no host. Use --metrics-file',
  },
];

/** What the hardening of a service means to a guard in it, a sentence each. */
export function hardeningEffects(settings: ReadonlyMap<string, readonly string[]>): readonly string[] {
  return EFFECTS.flatMap(({ means, name, when }) => {
    const value = settings.get(name)?.at(-1)?.trim();
    return value !== undefined && when(value) ? [`${name}=${value}: ${means}.`] : [];
  });
}
