/** What is used of undici, by name: of a CommonJS package that is imported while it runs, the plugin's bundle has a default alone. */
export { Agent, Dispatcher, ProxyAgent, fetch } from "undici";
