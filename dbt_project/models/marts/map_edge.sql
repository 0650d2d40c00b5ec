{{ edges_of_shapes(ref("map_shape"), ["layer", "feature_id"]) }}
