"""Everything a person looks at: the only Streamlit inside the package."""
