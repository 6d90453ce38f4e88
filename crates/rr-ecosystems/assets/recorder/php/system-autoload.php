<?php
// Finds the distribution's libraries where a project would find its own: they lie in one folder by
// their namespaces, some below a folder of their project. Loaded before every script.
spl_autoload_register(static function (string $class): void {
    static $roots = null;
    if ($roots === null) {
        $roots = array_merge(['/usr/share/php'], glob('/usr/share/php/*', GLOB_ONLYDIR) ?: []);
    }
    $file = str_replace(['\\', '_'], '/', $class) . '.php';
    $plain = str_replace('\\', '/', $class) . '.php';
    foreach ([$plain, $file] as $name) {
        foreach ($roots as $root) {
            if (is_file("$root/$name")) {
                require_once "$root/$name";
                return;
            }
        }
    }
}, true, false);
