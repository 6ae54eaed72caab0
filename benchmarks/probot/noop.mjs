// Probot with a handler that does nothing: what `benchmarks/ingest.py` compares with.
import { generateKeyPairSync } from "node:crypto";
import { Probot, Server } from "probot";

const pem = (type) => ({ type, format: "pem" });
const { privateKey } = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  privateKeyEncoding: pem("pkcs1"),
  publicKeyEncoding: pem("spki"),
});
const server = new Server({
  Probot: Probot.defaults({ appId: 1, privateKey, secret: process.env.SECRET, logLevel: "error" }),
  host: "127.0.0.1",
  port: Number(process.env.PORT),
  webhookPath: "/webhooks/github",
});
await server.load((app) => app.on("pull_request", async () => {}));
await server.start();
