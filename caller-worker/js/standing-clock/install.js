// Imported first, so that the clock stands still before the Worker's own code runs.
import { install } from "./clock.js";

install();
