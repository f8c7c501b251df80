// The WebSocket fan-out that a team would write: node-ws, one `send` to each client.
//
//   node fanout.js PORT MESSAGES
//
// MESSAGES is a JSON array of texts; PUT /publish {"notes":WORD} sends them to all, with WORD where they say @WORD@. Clients
// speak as much Socket.IO as they need to be counted as connected.
const { createServer } = require('http');
const { readFileSync } = require('fs');
const { WebSocketServer } = require('ws');

const messages = JSON.parse(readFileSync(process.argv[3], 'utf8'));
const server = createServer((request, response) => {
  if (request.method !== 'PUT') return response.end('{"status":"ok"}');
  let body = '';
  request.on('data', (piece) => { body += piece; });
  return request.on('end', () => {
    const { notes } = JSON.parse(body);
    for (const message of messages) {
      const text = message.replace(/@WORD@/g, notes);
      for (const client of sockets.clients) client.send(text);
    }
    response.setHeader('Content-Type', 'application/json');
    response.end('{"success":true}');
  });
});
const sockets = new WebSocketServer({ server, path: '/socket.io/', perMessageDeflate: false });
sockets.on('connection', (socket) => {
  socket.send('0{"sid":"x","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}');
  socket.on('message', (data) => { if (data.toString() === '40') socket.send('40{"sid":"y"}'); });
});
server.listen(Number(process.argv[2]), '127.0.0.1', 1024);
