// Prints what sops-age (npm, MIT) reads from a SOPS file: node read.mjs FILE KEYFILE
import { readFileSync } from "node:fs";
import { decryptSops } from "sops-age";

const [file, keyFile] = process.argv.slice(2);
const secretKey = readFileSync(keyFile, "utf8")
  .split("\n")
  .find((line) => line.startsWith("AGE-SECRET-KEY-"));
const data = await decryptSops(readFileSync(file, "utf8"), { secretKey, fileType: "yaml" });
console.log(JSON.stringify(data));
