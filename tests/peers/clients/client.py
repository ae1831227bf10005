"""What a Python program is told. See ../languages.py."""

import os
import socket
import sys
import time

ASK = b'GET /%s HTTP/1.1\r\nHost: x\r\n\r\n'
mode = sys.argv[1]
s = socket.create_connection(('127.0.0.1', 8080))
s.sendall(ASK % (b'large' if mode == 'exit' else b'small'))
s.recv(65536)
print('ready', flush=True)
try:
    if mode == 'exit':
        time.sleep(0.5)
        os._exit(0)
    time.sleep(1 if mode == 'reset' else 1.8)
    s.sendall(ASK % b'small')
    if mode == 'reset':
        print(s.recv(1))
    time.sleep(0.3)
    s.sendall(ASK % b'small')
except OSError as error:
    print(error)
