# nowx.py COMMAND...: executes COMMAND as a service with MemoryDenyWriteExecute= and a filter of system calls finds the world:
# memory that was written cannot be made code any more (PR_SET_MDWE of prctl(2), Linux 6.3), and Seccomp is 2.
import ctypes
import os
import struct
import sys

PR_SET_SECCOMP, PR_SET_NO_NEW_PRIVS, PR_SET_MDWE = 22, 38, 65
libc = ctypes.CDLL(None, use_errno=True)
allow_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x06, 0, 0, 0x7FFF0000))
program = struct.pack("HxxxxxxP", 1, ctypes.addressof(allow_all))
libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
if libc.prctl(PR_SET_SECCOMP, 2, ctypes.create_string_buffer(program), 0, 0) != 0:
    sys.exit("no seccomp")
libc.prctl(PR_SET_MDWE, 1, 0, 0, 0)
os.execvp(sys.argv[1], sys.argv[1:])
