// A service with a collector: records in a Map, over HTTP on a Unix socket.
//
// usage: node service.js SOCKET KEYS BYTES

const crypto = require('crypto')
const fs = require('fs')
const http = require('http')
const v8 = require('v8')
const vm = require('vm')

const [path, keys, size] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const records = new Map()
for (let n = 0; n < keys; n++) {
  const part = crypto.randomBytes(size / 6).toString('hex')
  records.set(n, { id: n, tags: [n % 7, n % 11], text: Buffer.from(part + part + part).toString('latin1') })
}

// What building them left is collected now, not whenever the collector comes to it in a run.
v8.setFlagsFromString('--expose-gc')
for (let n = 0; n < 2; n++) vm.runInNewContext('gc')()

http
  .createServer((request, response) => {
    const body = JSON.stringify(records.get(Number(request.url.slice(1))))
    response.writeHead(200, { 'Content-Length': Buffer.byteLength(body) })
    response.end(body)
  })
  .listen(path + '.new', () => fs.renameSync(path + '.new', path))
  .keepAliveTimeout = 0
