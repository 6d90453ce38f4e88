// Looks whether every declared dependency of a package lies where Node finds it. Prints what is
// missing; exit status 1 where a required one is. Optional and peer dependencies are left out.
'use strict';

const fs = require('fs');
const path = require('path');

const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8').replace(/^\uFEFF/, ''));
const optional = manifest.optionalDependencies || {};
const wanted = Object.keys(Object.assign({}, manifest.dependencies, manifest.devDependencies))
  .filter(function (name) { return !(name in optional); });

function installed(name) {
  for (let at = process.cwd(); ; at = path.dirname(at)) {
    if (fs.existsSync(path.join(at, 'node_modules', name))) return true;
    if (path.dirname(at) === at) return false;
  }
}

const missing = wanted.filter(function (name) { return !installed(name); });
missing.forEach(function (name) { console.error("declared dependency is not installed: '" + name + "'"); });
console.log(wanted.length - missing.length + ' of ' + wanted.length + ' declared dependencies are installed');
process.exit(missing.length ? 1 : 0);
