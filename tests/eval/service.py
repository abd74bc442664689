"""A service as an interpreter runs it: records in a dict, over HTTP on a Unix socket.

usage: service.py SOCKET KEYS BYTES
"""

import json
import os
import random
import socketserver
import sys
from http.server import BaseHTTPRequestHandler

path, keys, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
draw = random.Random(1)
records = {
    n: {"id": n, "tags": [n % 7, n % 11], "text": draw.randbytes(size // 6).hex() * 3}
    for n in range(keys)
}


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1

    def do_GET(self):
        body = json.dumps(records[int(self.path[1:])]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self):
        return "client"

    def log_message(self, *_):
        pass


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True


server = Server(path + ".new", Handler)
os.rename(path + ".new", path)
server.serve_forever()
