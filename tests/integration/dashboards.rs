//! Every panel of every dashboard.
