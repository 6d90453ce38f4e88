// Looks whether every declared dependency of a package lies where Node finds it. Prints what is
// missing; exit status 1 where a required one is. Optional and peer dependencies are left out.
// Where the repository leaves the version of Node open (REPO_RUNNER_NODE_OPEN), a dependency that
// only runs on a newer one fails the check too.
'use strict';

const fs = require('fs');
const path = require('path');

const manifest = JSON.parse(fs.readFileSync('package.json', 'utf8').replace(/^\uFEFF/, ''));
const optional = manifest.optionalDependencies || {};
const wanted = Object.keys(Object.assign({}, manifest.dependencies, manifest.devDependencies))
  .filter(function (name) { return !(name in optional); });

function installed(name) {
  for (let at = process.cwd(); ; at = path.dirname(at)) {
    const place = path.join(at, 'node_modules', name);
    if (fs.existsSync(place)) return place;
    if (path.dirname(at) === at) return '';
  }
}

// The least version that each alternative of a range begins with: `^18.12 || >=20` gives both.
function beginnings(range) {
  return range.split('||').map(function (part) {
    const found = /^\s*(?:[\^~=v]|>=)*\s*(\d+)(?:\.(\d+))?(?:\.(\d+))?/.exec(part);
    return found ? [1, 2, 3].map(function (at) { return Number(found[at] || 0); }) : [0, 0, 0];
  });
}

// Whether a range only begins after the Node that runs this.
function tooNew(range) {
  const now = process.versions.node.split('.').map(Number);
  return beginnings(range).every(function (least) {
    const at = [0, 1, 2].find(function (index) { return least[index] !== now[index]; });
    return at !== undefined && least[at] > now[at];
  });
}

function wantedNode(name) {
  try {
    const text = fs.readFileSync(path.join(installed(name), 'package.json'), 'utf8');
    const range = (JSON.parse(text).engines || {}).node;
    return typeof range === 'string' && tooNew(range) ? range : '';
  } catch (error) {
    return ''; // Not every dependency is a package of its own.
  }
}

const missing = wanted.filter(function (name) { return !installed(name); });
missing.forEach(function (name) { console.error("declared dependency is not installed: '" + name + "'"); });
console.log(wanted.length - missing.length + ' of ' + wanted.length + ' declared dependencies are installed');
const newer = process.env.REPO_RUNNER_NODE_OPEN
  ? wanted.filter(function (name) { return wantedNode(name); })
  : [];
newer.forEach(function (name) {
  console.error(name + ' does not run on Node ' + process.version + '. Required: {"node":"' + wantedNode(name) + '"}');
});
process.exit(missing.length || newer.length ? 1 : 0);
