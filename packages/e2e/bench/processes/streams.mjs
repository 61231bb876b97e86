/**
 * Holds streams of events open, from a process of its own. Told `paths`, it opens one stream for each and replies
 * `{ open }` when the first event of all is here; told `measure`, it replies after so many ms with how late
 * each event came that says in its message when it was reported, in ms.
 */
import { Agent, get } from "node:http";

const agent = new Agent({ keepAlive: false, maxSockets: Number.POSITIVE_INFINITY });
let delays = [];
let mistake;

function open(url) {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { accept: "text/event-stream" } }, (response) => {
      if (response.statusCode !== 200) mistake ??= `${url} was answered ${response.statusCode}`;
      response.setEncoding("latin1");
      let rest = "";
      response.on("data", (text) => {
        const now = Date.now();
        const events = (rest + text).split("\n\n");
        rest = events.pop();
        for (const event of events) {
          if (event.startsWith("event: snapshot")) resolve();
          const at = event.startsWith("event: progress") ? /"message":"(\d{13})"/.exec(event) : null;
          if (at !== null) delays.push(now - Number(at[1]));
        }
      });
      response.on("end", () => {
        mistake ??= `${url} ended`;
      });
    }).on("error", reject);
  });
}

process.on("message", async ({ base, paths, measureMs }) => {
  if (paths !== undefined) {
    try {
      for (let i = 0; i < paths.length; i += 50)
        await Promise.all(paths.slice(i, i + 50).map((path) => open(base + path)));
    } catch (error) {
      mistake ??= String(error);
    }
    process.send({ mistake });
    return;
  }
  delays = [];
  setTimeout(() => process.send({ delays, mistake }), measureMs);
});
process.on("disconnect", () => process.exit());
process.send({});
