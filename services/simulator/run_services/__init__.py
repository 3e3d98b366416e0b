"""Stand-ins for the token server of CERN, for OMS and for the Run Registry, in one process on this machine."""
