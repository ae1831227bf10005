// A Node server that keeps connections for a second. See ../pool.py.
const http = require('http');

const server = http.createServer((request, response) => {
  console.log(request.method, request.url);
  request.resume();
  request.on('end', () => response.end('all is well\n'));
});
server.keepAliveTimeout = 1000;
server.listen(8081, '127.0.0.1');
