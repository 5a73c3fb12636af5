#!/usr/bin/env node
import '../dist/cli/docker-plugin-main.js';
