/** Where a limit of a cgroup is raised, and who set it. */
export interface CgroupOwner {
  readonly raise: string;
  readonly note?: string;
}

/**
 * Tells from the path of a cgroup who set its limits. systemd names a cgroup after its unit. The kubelet puts a pod below
 * `kubepods`, in a directory with the pod's uid; podPidsLimit is set there and not on the container. Docker and Podman
 * use a 64-digit id.
 */
export function cgroupOwner(path: string, setting: 'tasks' | 'memory'): CgroupOwner {
  const leaf = path.slice(path.lastIndexOf('/') + 1).replace(/ \(deleted\)$/, '');
  const isTasks = setting === 'tasks';
  if (/kubepods/.test(path)) {
    if (/^(pod[0-9a-f-]{36}|.*-pod[0-9a-f_]{36}\.slice)$/.test(leaf)) {
      return isTasks
        ? { raise: 'podPidsLimit in the configuration of the kubelet', note: 'set by the kubelet (podPidsLimit)' }
        : { raise: 'resources.limits.memory of the containers of the pod', note: 'the limits of the pod together' };
    }
    return { raise: isTasks ? 'the limits of the container runtime' : 'resources.limits.memory of the container' };
  }
  if (/^(?:(?:docker|crio|cri-containerd|libpod|nerdctl)-)?[0-9a-f]{64}(?:\.scope)?$/.test(leaf)) {
    return isTasks
      ? { raise: 'docker update --pids-limit, podman update --pids-limit', note: 'set by the container engine' }
      : { raise: 'docker update --memory, podman update --memory', note: 'set by the container engine' };
  }
  if (/\.(service|scope|slice|socket|mount|swap)$/.test(leaf)) {
    const property = isTasks ? 'TasksMax' : 'MemoryMax';
    return {
      raise: `systemctl set-property ${leaf} ${property}=…`,
      ...(isTasks ? { note: `systemd: ${property}= of ${leaf}` } : {}),
    };
  }
  return { raise: `write ${isTasks ? 'pids.max' : 'memory.max'} of that cgroup` };
}
