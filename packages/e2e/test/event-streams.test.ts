import { connect, createServer, type Socket } from "node:net";
import { waitFor } from "@drover/testkit";
import { EventSource } from "eventsource";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { System } from "../src/system.js";

/** An address that leads to whichever api lives, as a load balancer's would. */
async function frontOf(system: System): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const api = system.apis.find(({ isRunning }) => isRunning);
    const upstream = connect(Number(new URL(api?.url ?? "http://127.0.0.1:1").port), "127.0.0.1");
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on("error", () => {}); // an api was killed
    }
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}`;
}

describe("the events of a job behind two apis", () => {
  let system: System;
  beforeAll(async () => {
    system = await System.start({ apis: 2, workers: 1 });
  });
  afterAll(() => system.stop());

  it("reach an EventSource each once, in order and to the end, while the apis are killed in turn", async () => {
    const { job_id } = await system.client().submit("digest", new Blob(["x"]), { params: { ms: 12_000 } });
    const told: { readonly event: string; readonly id: string; readonly data: Record<string, unknown> }[] =
      [];
    let isOver = false;
    const source = new EventSource(`${await frontOf(system)}/api/jobs/${job_id}/events`);
    onTestFinished(() => source.close());
    for (const event of ["snapshot", "progress", "log", "status"])
      source.addEventListener(event, ({ lastEventId: id, data }) => {
        told.push({ event, id, data: JSON.parse(data) });
      });
    source.addEventListener("error", () => {
      isOver = source.readyState === source.CLOSED;
    });
    for (let kill = 0; kill < 2; kill++) {
      const before = told.length;
      await waitFor(() => told.length > before + 3, { deadlineMs: 30_000 });
      await system.apis.find(({ isRunning }) => isRunning)?.kill();
      await system.startApi();
    }
    await waitFor(() => isOver, { deadlineMs: 60_000 });
    expect(told.filter(({ event }) => event === "snapshot")).toHaveLength(1);
    const stored = told.filter(({ event }) => event !== "snapshot");
    const places = stored.map(({ id }) => Number(id.split("-")[0]) * 1_000 + Number(id.split("-")[1]));
    expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    const percents = stored.flatMap(({ event, data }) =>
      event === "progress" ? [Number(data["progress"])] : [],
    );
    expect(percents).toEqual([...percents].sort((a, b) => a - b));
    expect(percents.length).toBeGreaterThan(10);
    expect(stored.at(-1)?.data).toMatchObject({ job_id, status: "completed", progress: 100 });
  });
});
