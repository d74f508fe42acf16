export { ReadyNotification, type ReadyNotificationArgs } from "./ready-notification";
