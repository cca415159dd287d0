// A TUF repository on loopback, made with the packages of mock-sigstore: node tuf.mjs ROOT.JSON NAME=FILE...
// It prints its port when it answers.
import fs from 'node:fs';
import http from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';

const tuf = createRequire(path.join(process.cwd(), 'server.mjs'))('@tufjs/repo-mock');
const [root, ...files] = process.argv.slice(2);
const targets = files.map((file) => file.split('=')).map(([name, file]) => ({ name, content: fs.readFileSync(file, 'utf8') }));
// TUF times have whole seconds.
const milliseconds = Date.prototype.toISOString;
Date.prototype.toISOString = function () { return milliseconds.call(this).replace(/\.\d{3}Z$/, 'Z'); };
const repository = tuf.initializeTUFRepo(targets);
Date.prototype.toISOString = milliseconds;
const answers = new Map(tuf.tufHandlers(repository, { metadataPathPrefix: '' }).map((handler) => [handler.path, handler.fn()]));
fs.writeFileSync(root, answers.get('/1.root.json').response);
const server = http.createServer((request, response) => {
  const answer = answers.get(request.url) ?? { statusCode: 404, response: '' };
  response.writeHead(answer.statusCode);
  response.end(answer.response);
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
