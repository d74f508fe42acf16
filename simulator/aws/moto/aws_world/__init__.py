"""What a simulated AWS needs beyond moto: time, fleets of type maintain, faults, and an administration for tests."""
