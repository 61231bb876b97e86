#!/usr/bin/env node
// A file that exists before the build: npm links commands when it installs.
import "../dist/main.js";
