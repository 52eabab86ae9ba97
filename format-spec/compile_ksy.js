// Compiles a Kaitai Struct description to Python: node compile_ksy.js FILE.ksy FOLDER
const fs = require("fs");
const path = require("path");
const yaml = require("js-yaml");
const compiler = require("kaitai-struct-compiler");

const [description, folder] = process.argv.slice(2);
compiler
  .compile("python", yaml.load(fs.readFileSync(description, "utf8")), null, false)
  .then((files) => {
    for (const name of Object.keys(files)) fs.writeFileSync(path.join(folder, name), files[name]);
  })
  .catch((error) => {
    console.error(String(error));
    process.exit(1);
  });
