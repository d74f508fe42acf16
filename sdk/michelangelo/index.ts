export { Registration, type ControllerManagerArgs, type RegistrationArgs, type SkuArgs } from "./registration";
