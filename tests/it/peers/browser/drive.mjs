// Drives a headless Chromium over its DevTools pipe: node drive.mjs CHROMIUM REPORT STEP...
// Steps, in order:
//   open=URL          loads a page and waits until it is there
//   size=WIDTHxHEIGHT  of the window; scheme=light|dark
//   picture=FILE      takes a screenshot of the whole page
//   type=SELECTOR=TEXT, click=SELECTOR   as a person does, by keys and by the mouse
//   there=TEXT        waits until the page shows the text
//   away              waits until another page is there
// REPORT gets a JSON document: the address and the text at the end, what was asked of the network, what the console said.
// Whatever fails is said there too, as `error`, and on standard error, with exit code 1.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const [chromium, report, ...steps] = process.argv.slice(2);
const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'browser-'));
const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', '--no-first-run',
  '--disable-background-networking', '--disable-component-update', '--disable-sync', '--remote-debugging-pipe', `--user-data-dir=${profile}`];
const browser = spawn(chromium, [...flags, 'about:blank'], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
const [, , , to, from] = browser.stdio;
const waiting = new Map();
const requests = [];
const complaints = [];
let number = 0;
let rest = '';
let loaded = 0;

from.on('data', (data) => {
  const messages = (rest + data).split('\0');
  rest = messages.pop();
  for (const message of messages.map((text) => JSON.parse(text))) {
    if (message.id) {
      const { resolve, reject } = waiting.get(message.id);
      waiting.delete(message.id);
      if (message.error) reject(new Error(message.error.message)); else resolve(message.result);
    } else if (message.method === 'Network.requestWillBeSent') requests.push(message.params.request.url);
    else if (message.method === 'Log.entryAdded') complaints.push(`${message.params.entry.text} ${message.params.entry.url ?? ''}`);
    else if (message.method === 'Runtime.exceptionThrown') complaints.push(message.params.exceptionDetails.text);
    else if (message.method === 'Runtime.consoleAPICalled') complaints.push(message.params.args.map((arg) => arg.value).join(' '));
    else if (message.method === 'Page.loadEventFired') loaded += 1;
  }
});
let session;
const call = (method, params = {}) => new Promise((resolve, reject) => {
  waiting.set(++number, { resolve, reject });
  to.write(`${JSON.stringify({ id: number, method, params, sessionId: session })}\0`);
});
const evaluate = async (expression) => {
  const { result, exceptionDetails } = await call('Runtime.evaluate', { expression });
  if (exceptionDetails) throw new Error(`${expression}: ${exceptionDetails.exception?.description}`);
  return result.value;
};
const until = async (what, holds) => {
  for (let turn = 0; turn < 300; turn += 1) {
    if (await holds().catch(() => false)) return;
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
  throw new Error(`waited in vain for ${what}`);
};
const click = async (selector) => {
  const place = await evaluate(`{
    const element = document.querySelector(${JSON.stringify(selector)});
    element.scrollIntoView({ block: 'center' });
    const { x, y, width, height } = element.getBoundingClientRect();
    JSON.stringify({ x: x + width / 2, y: y + height / 2 });
  }`);
  const at = { ...JSON.parse(place), button: 'left', clickCount: 1 };
  await call('Input.dispatchMouseEvent', { type: 'mousePressed', ...at });
  await call('Input.dispatchMouseEvent', { type: 'mouseReleased', ...at });
};

let size = { width: 1200, height: 800 };
let before = 0;
const carryOut = {
  open: async (url) => {
    before = loaded;
    const { errorText } = await call('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await until(url, async () => loaded > before);
    before = loaded;
  },
  size: async (text) => {
    const [width, height] = text.split('x').map(Number);
    size = { width, height };
    await call('Emulation.setDeviceMetricsOverride', { ...size, deviceScaleFactor: 1, mobile: width < 600 });
  },
  scheme: (value) => call('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] }),
  picture: async (file) => {
    const { cssContentSize } = await call('Page.getLayoutMetrics');
    if (cssContentSize.width > size.width) throw new Error(`the page is ${cssContentSize.width} wide, the window ${size.width}`);
    const clip = { x: 0, y: 0, width: size.width, height: Math.min(cssContentSize.height, 6000), scale: 1 };
    const { data } = await call('Page.captureScreenshot', { format: 'png', clip, captureBeyondViewport: true });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  },
  type: async (argument) => {
    const [selector, text] = argument.split('=');
    await click(selector);
    await call('Input.insertText', { text });
  },
  click: async (selector) => { before = loaded; await click(selector); },
  there: (text) => until(text, () => evaluate(`document.body.innerText.includes(${JSON.stringify(text)})`)),
  away: () => until('another page', async () => loaded > before),
};

let code = 0;
const late = setTimeout(() => { console.error('the browser takes too long'); browser.kill('SIGKILL'); process.exit(1); }, 60_000);
try {
  const { targetInfos } = await call('Target.getTargets');
  const { targetId } = targetInfos.find(({ type }) => type === 'page');
  session = (await call('Target.attachToTarget', { targetId, flatten: true })).sessionId;
  for (const domain of ['Page', 'Network', 'Log', 'Runtime']) await call(`${domain}.enable`);
  for (const step of steps) {
    const [name, ...argument] = step.split('=');
    await carryOut[name](argument.join('='));
  }
  const [url, text] = [await evaluate('location.href'), await evaluate('document.body.innerText')];
  fs.writeFileSync(report, JSON.stringify({ url, text, requests, complaints }));
} catch (error) {
  const reason = `${error.message}; the console: ${complaints.join('; ')}; asked for: ${requests.join(' ')}`;
  fs.writeFileSync(report, JSON.stringify({ error: reason }));
  console.error(reason);
  code = 1;
}
clearTimeout(late);
session = undefined;
const ended = new Promise((resolve) => { browser.once('exit', resolve); });
call('Browser.close').catch(() => {});
await Promise.race([ended, new Promise((resolve) => { setTimeout(resolve, 5000); })]);
browser.kill('SIGKILL');
try {
  fs.rmSync(profile, { recursive: true, force: true, maxRetries: 10 });
} catch (error) {
  // Something of the browser still writes there; the folder for temporary files is the caller's.
  console.error(error.message);
}
process.exit(code);
