# manager.py SOCKET: a service manager's end of sd_notify; prints each datagram on a line of its own.
import os, socket, sys

end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
end.bind(sys.argv[1])
print("listening", flush=True)
while True:
    print(end.recv(4096).decode().replace("\n", "|"), flush=True)
