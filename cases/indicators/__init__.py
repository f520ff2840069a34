"""The indicators (指标): defined once, counted over any span, and told in the monthly report."""
