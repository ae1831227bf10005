// What a Node program is told. See ../languages.py.
const net = require('net');

const mode = process.argv[2];
const ask = (name) => `GET /${name} HTTP/1.1\r\nHost: x\r\n\r\n`;
// Keeps the event loop from seeing what comes, as a long computation does.
const busy = (ms) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

const s = net.connect(8080, '127.0.0.1', () => s.write(ask(mode === 'exit' ? 'large' : 'small')));
s.on('error', (error) => console.log(error.message));
s.once('data', () => {
  console.log('ready');
  if (mode === 'exit') {
    busy(500);
    process.exit(0);
  }
  if (mode === 'reset') {
    setTimeout(() => s.write(ask('small')), 1000);
    return;
  }
  busy(1800);
  s.write(ask('small'));
  busy(300);
  s.write(ask('small'));
});
