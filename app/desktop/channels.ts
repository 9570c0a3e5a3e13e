/** The two channels between a window and the main process: calls one way, events the other. */
export const CALL_CHANNEL = 'studio:call'
export const EVENT_CHANNEL = 'studio:event'
