// The capnweb side of the runtime: what needs the npm package and has to be JavaScript. src/server/capnweb.rs has the rest.
import { RpcTarget, newHttpBatchRpcResponse, newWorkersWebSocketRpcResponse } from "capnweb";

class Runtime extends RpcTarget {
  #execute;

  constructor(execute) {
    super();
    this.#execute = execute;
  }

  execute(functionId, payloadJson, withIsolate) {
    if (typeof functionId !== "string" || typeof payloadJson !== "string") {
      throw new TypeError("execute(functionId, payloadJson) takes two strings");
    }
    return this.#execute(functionId, payloadJson, withIsolate === true);
  }
}

// A batch is a POST; everything else that is let through to here asks for a WebSocket.
export async function serve(request, execute) {
  const runtime = new Runtime(execute);
  return request.method === "POST"
    ? newHttpBatchRpcResponse(request, runtime)
    : newWorkersWebSocketRpcResponse(request, runtime);
}
