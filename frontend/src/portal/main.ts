// SPDX-License-Identifier: BSD-3-Clause
import "./theme";
import "./portal";
import { start } from "./place";

start();
